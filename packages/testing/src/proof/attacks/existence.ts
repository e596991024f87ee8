import type { HttpRequest } from '../../http-request.js';
import { nameOf, nobodysValue, type Position, replaced } from '../target/positions.js';
import { rowChanges } from '../target/row-changes.js';
import type { Target } from '../target/target.js';
import { type Attack, type Finding, leaks, notApplicable, proven, statusOf } from './attack.js';
import { idsIn, valueAt } from './foreign-id.js';
import { texts } from './own-texts.js';
import { isClock, type Measured, measured } from './volatile.js';

/** True when the answer tells that a row is there, by being another than for one that nobody has. */
export const existence: Attack = {
  name: 'existence',
  run: async (target) => {
    const places = idsIn(target).map(({ at }) => at);
    for (const at of places) {
      const found = await compared(target, at, "a row of the other's is there");
      if (found) return found;
    }
    const taken = target.changesRows ? texts(target) : [];
    for (const { at, column } of taken) {
      const found = await compared(target, at, `the other has this ${column}`, column);
      if (found) return found;
    }
    const names = new Set([...places, ...taken.map(({ at }) => at)].map(nameOf));
    if (names.size === 0) return notApplicable('It has no request that names rows.');
    return proven(`Answered alike for ${[...names].join(', ')}.`);
  },
};

async function compared(target: Target, at: Position, what: string, column?: string): Promise<Finding | null> {
  const theirs = await once(target, at, async () => {
    if (column === undefined)
      return valueAt(target.transport.requestFor(await target.rowsFor(target.other), target.other) as HttpRequest, at);
    const value = columnOf(await target.harness.plant(target.other), column);
    // Where it is taken, both have it, and it tells nothing any more.
    target.harness.canaries.plant(target.own, column, value);
    return value;
  });
  const nobodys = [await once(target, at, nobody(theirs.value)), await once(target, at, nobody(theirs.value))] as const;
  const isRead = nobodys.every(({ hasWritten }) => !hasWritten);
  const [one, two] = nobodys.map((each) => told(each, isRead)) as [Measured, Measured];
  const answer = told(theirs, isRead);
  // What is another each time anyhow tells nothing.
  const tells = [...new Set([...one.keys(), ...answer.keys()])].filter(
    (path) => one.get(path) === two.get(path) && answer.get(path) !== one.get(path),
  );
  const [path] = tells;
  if (path === undefined) return null;
  const how = tells.includes('status')
    ? `${statusOf(theirs.attempt)} instead of ${statusOf(nobodys[0].attempt)}`
    : `another answer at ${path}`;
  return leaks(`The answer tells that ${what} (${nameOf(at)}): ${how}.`, theirs.attempt);
}

function nobody(value: unknown): () => Promise<unknown> {
  return async () => nobodysValue(value);
}

async function once(target: Target, at: Position, make: () => Promise<unknown>) {
  const call = await target.asItself();
  const value = await make();
  const { rowsOf } = target.harness;
  const before = target.changesRows ? await rowsOf?.(target.own) : null;
  const attempt = await target.attempt({ ...call, change: (request) => replaced(request, [[at, value]]) });
  // A POST may ask a question only; where nobody can look at the rows, it is taken for a write.
  const hasWritten =
    target.changesRows && (!before || !rowsOf || rowChanges(before, await rowsOf(target.own)).length > 0);
  return { attempt, value, hasWritten };
}

function columnOf(rows: Readonly<Record<string, unknown>>, path: string): unknown {
  const [name = '', column = ''] = path.split('.');
  const row = [rows[name]].flat()[0] as Record<string, unknown> | undefined;
  return row?.[column];
}

type Told = Awaited<ReturnType<typeof once>>;

/** The content of an answer, but for the value that was asked for and the time. */
function told({ attempt, value }: Told, isRead: boolean): Measured {
  const { status, ...rest } = Object.fromEntries(measured(attempt));
  // A write that succeeds answers with what was written, which is new each time.
  if (!attempt.isRefused && !isRead) return new Map([['status', 'a success']]);
  const asked = [String(value), encodeURIComponent(String(value))];
  const plain = (each: unknown) => {
    if (isClock(each)) return 'a time';
    return typeof each === 'string'
      ? asked.reduce((text, word) => text.replaceAll(word, '·'), each)
      : each === value
        ? '·'
        : each;
  };
  return new Map([['status', status], ...Object.entries(rest).map(([path, each]) => [path, plain(each)] as const)]);
}
