import { randomBytes } from 'node:crypto';
import type { HttpRequest } from '../../http-request.js';
import { nameOf, nobodysValue, type Position, replaced, valueAt } from '../target/positions.js';
import { isSigned } from '../target/signed-token.js';
import type { Target } from '../target/target.js';
import { type Attack, type Finding, leakOf, leaks, notApplicable, proven, statusOf } from './attack.js';
import { idsIn } from './foreign-id.js';
import { type ColumnText, freeTexts, texts } from './own-texts.js';
import { isClock, type Measured, measured } from './volatile.js';

/** True when the answer tells that a row is there, by being another than for one that nobody has. */
export const existence: Attack = {
  name: 'existence',
  run: async (target) => {
    const named = idsIn(target);
    // For a row that nobody has, nobody but the application can sign one.
    const places = named.filter(({ other }) => !isSigned(other)).map(({ at }) => at);
    for (const at of places) {
      const found = await compared(target, "a row of the other's is there", placeOf(at), async () =>
        valueAt(target.transport.requestFor(await target.rowsFor(target.other), target.other) as HttpRequest, at),
      );
      if (found) return found;
    }
    const taken = texts(target);
    for (const text of taken) {
      const { column } = text;
      const found = await compared(target, `the other has this ${column}`, text, async () => {
        const value = columnOf(await target.harness.plant(target.other), column);
        // Where it is taken, both have it, and it tells nothing any more.
        if (target.changesRows) target.harness.canaries.plant(target.own, column, value);
        return value;
      });
      if (found) return found;
    }
    for (const place of target.changesRows ? freeTexts(target) : []) {
      const found = await compared(target, 'the other has sent the same', place, () => sentByOther(target, place));
      if (found) return found;
    }
    const names = new Set([...places.map(nameOf), ...taken.map(({ name }) => name)]);
    if (names.size === 0) {
      return notApplicable(
        named.length > 0
          ? 'Its request names rows by tokens that the application has signed, and none can be made for a row that nobody has.'
          : 'It has no request that names rows.',
      );
    }
    return proven(`Answered alike for ${[...names].join(', ')}.`);
  },
};

/**
 * A text that the other has just sent here; what it was answered is its own. But for what everybody is answered, a sentence or an
 * address that is made of the text: so the own answer to another text comes first.
 */
async function sentByOther(target: Target, { put }: Place): Promise<unknown> {
  const { harness, own, other } = target;
  const [first, text] = [sentText(), sentText()];
  const mine = await target.attempt({ ...(await target.asItself()), change: (request) => put(request, first) });
  // Where there is something of the other's in it, that stays the other's.
  const isOwn = mine.sightings.length === 0 && !mine.isRefused;
  if (isOwn) harness.canaries.plant(own, 'answer', withoutText(mine.answer?.body, first));
  const change = (request: HttpRequest) => put(request, text);
  const { answer, isRefused } = await target.attemptUnobserved(await target.asItself(other, { change }));
  if (answer && !isRefused) harness.canaries.plant(other, 'answer', withoutText(answer.body, text));
  for (const tenant of [own, other]) harness.canaries.plant(tenant, 'sent', text);
  return text;
}

const sentText = () => `canary-sent-${randomBytes(5).toString('hex')}`;

/** Without what comes back of what was sent, such as a label that is printed: it would come back to anybody. */
function withoutText(body: unknown, text: string): unknown {
  if (typeof body === 'string') return body.replaceAll(text, '').trim();
  if (typeof body !== 'object' || body === null) return body;
  return Object.entries(body).map(([key, each]) => ({ [key]: withoutText(each, text) }));
}

type Place = Pick<ColumnText, 'name' | 'put'>;

function placeOf(at: Position): Place {
  return { name: nameOf(at), put: (request, value) => replaced(request, [[at, value]]) };
}

async function compared(
  target: Target,
  what: string,
  place: Place,
  valueOfTheirs: () => Promise<unknown>,
): Promise<Finding | null> {
  let value = await valueOfTheirs();
  if (await isOwnToo(target, value)) {
    // An attack may have written it into own rows; new ones have another, unless it is the same for all.
    await target.harness.plant(target.other);
    value = await valueOfTheirs();
    if (await isOwnToo(target, value)) return null;
  }
  const theirs = await once(target, place, async () => value);
  const leak = leakOf(theirs.attempt, target, `With the other's value for ${place.name}`);
  if (leak) return leak;
  const nobodys = [
    await once(target, place, nobody(theirs.value)),
    await once(target, place, nobody(theirs.value)),
  ] as const;
  const first = tellingPaths(theirs, nobodys);
  if (first.length === 0) return null;
  // A difference by chance does not come again.
  const again = await once(target, place, valueOfTheirs);
  const tells = tellingPaths(again, nobodys).filter((path) => first.includes(path));
  const [path] = tells;
  if (path === undefined) return null;
  const how = tells.includes('status')
    ? `${statusOf(again.attempt)} instead of ${statusOf(nobodys[0].attempt)}`
    : `another answer at ${path}`;
  return leaks(`The answer tells that ${what} (${place.name}): ${how}.`, again.attempt);
}

/** Paths at which the answer is another than for a value that nobody has. What is another each time anyhow tells nothing. */
function tellingPaths(theirs: Told, nobodys: readonly [Told, Told]): string[] {
  const [one, two, answer] = [...nobodys, theirs].map(told) as [Measured, Measured, Measured];
  // As they came: an 8 that was asked for is also in `utf-8`.
  const [raw, rawOfTheirs] = [nobodys[0], theirs].map(({ attempt }) => measured(attempt)) as [Measured, Measured];
  return [...new Set([...one.keys(), ...answer.keys()])].filter(
    (path) =>
      one.get(path) === two.get(path) && answer.get(path) !== one.get(path) && rawOfTheirs.get(path) !== raw.get(path),
  );
}

/** True for what the own rows have as well: each tenant numbers its rows from one, or the same was written in an attack before. */
async function isOwnToo({ harness, own, other }: Target, value: unknown): Promise<boolean> {
  const text = String(value);
  const [mine, theirs] = [await harness.rowsOf?.(own), await harness.rowsOf?.(other)];
  return Object.entries(theirs ?? {}).some(([table, rows]) =>
    rows.some((row) =>
      Object.entries(row).some(
        ([column, each]) => String(each) === text && mine?.[table]?.some((one) => String(one[column]) === text),
      ),
    ),
  );
}

function nobody(value: unknown): () => Promise<unknown> {
  return async () => nobodysValue(value);
}

async function once(target: Target, place: Place, make: () => Promise<unknown>) {
  const call = await target.asItself();
  const value = await make();
  const attempt = await target.attempt({ ...call, change: (request) => place.put(request, value) });
  return { attempt, value, isWritten: target.changesRows && !attempt.isRefused };
}

function columnOf(rows: Readonly<Record<string, unknown>>, path: string): unknown {
  const [name = '', column = ''] = path.split('.');
  const row = [rows[name]].flat()[0] as Record<string, unknown> | undefined;
  return row?.[column];
}

type Told = Awaited<ReturnType<typeof once>>;

/** The content of an answer, but for the value that was asked for and the time. */
function told({ attempt, value, isWritten }: Told): Measured {
  const asked = [String(value), encodeURIComponent(String(value))];
  const plain = (each: unknown) => {
    if (isClock(each)) return 'a time';
    return typeof each === 'string'
      ? asked.reduce((text, word) => text.replaceAll(word, '·'), each)
      : each === value
        ? '·'
        : each;
  };
  // A validator holds what was asked for. Lists beside a row that was written are of rows that are others each time.
  const paths = [...measured(attempt)].filter(
    ([path]) => path !== 'header etag' && (!isWritten || !/\[|\.length$/.test(path)),
  );
  return new Map(paths.map(([path, each]) => [path, plain(each)] as const));
}
