import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Attempt, Target } from '../target/target.js';
import type { Variation } from '../target/variation.js';
import { type Attack, leaks, proven } from './attack.js';
import { withEffects } from './effects.js';
import { changedPaths, type Measured, measured } from './volatile.js';

/**
 * The other's rows change, and the answer does not: a count, a sum, a rank or a page that others' rows are part of holds none of
 * their values, but moves with them.
 */
export const interference: Attack = {
  name: 'interference',
  isOneWay: true,
  run: async (target) => {
    const requests = [AS_IT_IS, ...target.kept.slice(0, target.changesRows ? 2 : target.kept.length)];
    const began = performance.now();
    const first = await tried(target, requests, (before) => otherChanges(target, before, requests));
    // The same without the other, for as long: a token or a clock moves by itself, and so does what was remembered for a moment.
    const milliseconds = Math.min(Math.max(performance.now() - began, A_SECOND), LONGEST);
    let suspects: readonly Tried[] = first.filter(({ paths }) => paths.length > 0);
    for (let round = 0; round < CONFIRMATIONS && suspects.length > 0; round += 1) {
      const asked = () => suspects.map(({ request }) => request);
      const alone = await tried(target, asked(), () => sleep(milliseconds), A_SECOND);
      suspects = among(suspects, (path, n) => !alone[n]?.moving.includes(path));
      if (suspects.length === 0) break;
      const again = await tried(target, asked(), (before) => otherChanges(target, before, asked()), A_SECOND);
      suspects = among(suspects, (path, n) => again[n]?.paths.includes(path) === true);
    }
    const [found] = suspects;
    if (!found) return alike;
    const how = found.request === AS_IT_IS ? '' : `, with ${found.request.name},`;
    return leaks(`The answer${how} changed at ${found.paths[0]} when the other tenant's rows did.`, found.after);
  },
};

/** The suspects with the paths that are still suspect. */
function among(suspects: readonly Tried[], isSuspect: (path: string, n: number) => boolean): readonly Tried[] {
  return suspects.flatMap((each, n) => {
    const paths = each.paths.filter((path) => isSuspect(path, n));
    return paths.length > 0 ? [{ ...each, paths }] : [];
  });
}

/** Times that a difference has to come again, with the other and not without. */
const CONFIRMATIONS = 2;

const AS_IT_IS: Variation = { name: 'the request as it is', change: (request) => request };

const alike = proven("The answer stayed the same while the other's rows changed.");

/** Milliseconds of the unit that JSON Web Tokens and the headers of HTTP count in, and some more. */
const A_SECOND = 1_100;

/** Milliseconds, however many requests there are. */
const LONGEST = 5_000;

interface Tried {
  readonly request: Variation;
  /** The paths at which the answer is another than expected after something has happened. */
  readonly paths: readonly string[];
  /** Those, and the ones that moved before in no way that could be foreseen: a second that passed then has passed as well. */
  readonly moving: readonly string[];
  readonly after: Attempt;
}

async function tried(
  target: Target,
  requests: readonly Variation[],
  happen: (before: Measured) => Promise<void>,
  settle = 0,
): Promise<readonly Tried[]> {
  // New rows of its own come first in a list by time, until the other's are newer.
  await target.harness.plant(target.own);
  // Until what was remembered before them is forgotten.
  await sleep(settle);
  // What a tenant's own calls fill, such as a list of what it looked at last, is full by then.
  for (let n = 0; n < (target.changesRows ? 0 : 4); n += 1) await once(target, AS_IT_IS);
  const before = [];
  for (let n = 0; n < 3; n += 1) {
    const round = [];
    for (const request of requests) round.push(measured(await once(target, request)));
    before.push(round);
  }
  await happen(before[2]?.[0] as Measured);
  const answers: Tried[] = [];
  for (const [n, request] of requests.entries()) {
    const after = await once(target, request);
    const expected = before.map((round) => round[n]) as [Measured, Measured, Measured];
    const now = measured(after);
    const paths = changedPaths(expected, now).filter((path) => !isSequence(path, expected, now));
    const moved = [...now.keys()].filter((path) => !isSteady(expected.map((each) => each.get(path))));
    answers.push({ request, paths, moving: [...paths, ...moved], after });
  }
  return answers;
}

/** The same each time, or on by the same step. */
function isSteady([one, two, three]: readonly unknown[]): boolean {
  if (isDeepStrictEqual(one, two) && isDeepStrictEqual(two, three)) return true;
  return (
    [one, two, three].every((each) => typeof each === 'number') &&
    Number(two) - Number(one) === Number(three) - Number(two)
  );
}

/**
 * True for the id of a new row that grows whoever makes rows: one sequence numbers the rows of all tenants. It tells how many rows
 * there are, as serial ids do; a number that has a name of its own, of an invoice say, is not meant.
 */
function isSequence(path: string, expected: readonly Measured[], now: Measured): boolean {
  if (!/(^|[.[\]_])id$|[a-z]Id$/.test(path)) return false;
  const values = [...expected, now].map((each) => Number(each.get(path)));
  return values.every((value, n) => Number.isSafeInteger(value) && (n === 0 || value > (values[n - 1] as number)));
}

const CALLS = 3;

async function otherChanges(target: Target, before: Measured, requests: readonly Variation[]): Promise<void> {
  for (let n = 0; n < (listsRows(before) ? A_PAGE : 1); n += 1) await target.harness.plant(target.other);
  for (let n = 0; n < CALLS; n += 1) {
    for (const { change } of requests) {
      await target.attemptUnobserved(await target.asItself(target.other, { change }));
    }
  }
}

/** As many as would fill a page, where rows are listed: one that is cut before the tenant is looked at loses own rows. */
const A_PAGE = 12;

function listsRows(answer: Measured): boolean {
  return [...answer.keys()].some((path) => path.endsWith('.length'));
}

async function once(target: Target, { change }: Variation): Promise<Attempt> {
  const { harness, own, transport } = target;
  // A clock goes through all rows, and new ones each time would hide how they change.
  const call = transport.isClock
    ? { identity: await target.identityOf(own), tenant: own, rows: harness.planted(own) }
    : await target.asItself(own, { change });
  return withEffects(target, () => target.attemptUnobserved(call));
}
