import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt, Target } from '../target/target.js';
import { type Attack, leaks, proven, unproven } from './attack.js';
import { changedPaths, type Measured, measured } from './volatile.js';

/**
 * The other's rows change, and the answer does not: a count, a sum, a rank or a page that others' rows are part of holds none of
 * their values, but moves with them.
 */
export const interference: Attack = {
  name: 'interference',
  run: async (target) => {
    const first = await tried(target, (before) => otherChanges(target, before));
    if (first.paths.length === 0) return alike;
    // The same without the other, for as long: a token or a clock moves by itself.
    const alone = await tried(target, () => sleep(Math.max(first.milliseconds, A_SECOND)));
    const again = await tried(target, (before) => otherChanges(target, before));
    const [before, after] = [first, again].map(({ paths }) => paths.filter((path) => !alone.paths.includes(path)));
    const both = after?.find((path) => before?.includes(path));
    if (both !== undefined)
      return leaks(`The answer changed at ${both} when the other tenant's rows did.`, again.after);
    if (before?.length === 0 && after?.length === 0) return alike;
    return unproven('Its answer moves by itself, so nobody can tell whether the other moves it.', again.after);
  },
};

const alike = proven("The answer stayed the same while the other's rows changed.");

/** Milliseconds of the unit that JSON Web Tokens and the headers of HTTP count in, and some more. */
const A_SECOND = 1_100;

/** The paths at which the answer is another than expected after something has happened. */
async function tried(target: Target, happen: (before: Measured) => Promise<void>) {
  // New rows of its own come first in a list by time, until the other's are newer.
  await target.harness.plant(target.own);
  const before: Measured[] = [];
  // What a tenant's own calls fill, such as a list of what it looked at last, is full by then.
  for (let n = 0; n < (target.changesRows ? 0 : 4); n += 1) await once(target);
  for (let n = 0; n < 3; n += 1) before.push(measured(await once(target)));
  const began = performance.now();
  await happen(before[2] as Measured);
  const milliseconds = performance.now() - began;
  const after: Attempt = await once(target);
  return { paths: changedPaths(before as [Measured, Measured, Measured], measured(after)), after, milliseconds };
}

async function otherChanges(target: Target, before: Measured): Promise<void> {
  for (let n = 0; n < (listsRows(before) ? A_PAGE : 1); n += 1) await target.harness.plant(target.other);
  for (let n = 0; n < 3; n += 1) await target.attemptUnobserved(await target.asItself(target.other));
}

/** As many as would fill a page, where rows are listed: one that is cut before the tenant is looked at loses own rows. */
const A_PAGE = 12;

function listsRows(answer: Measured): boolean {
  return [...answer.keys()].some((path) => path.endsWith('.length'));
}

async function once(target: Target): Promise<Attempt> {
  return target.attemptUnobserved(await target.asItself());
}
