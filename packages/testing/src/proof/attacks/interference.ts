import type { Attempt, Site } from '../site.js';
import { type Attack, leaks, proven, unproven } from './attack.js';
import { changedPaths, type Measured, measured } from './volatile.js';

/**
 * The other’s rows change, and the answer does not: a count, a sum, a rank or a page that others’ rows are part of holds none of
 * their values, but moves with them.
 */
export const interference: Attack = {
  name: 'interference',
  inapplicable: () => null,
  run: async (site) => {
    const first = await difference(site);
    if ('proven' in first) return proven(first.proven);
    // Once more, as a clock or a job of the application’s own may have moved it.
    const again = await difference(site);
    if ('proven' in again) return proven(again.proven);
    const both = first.paths.filter((path) => again.paths.includes(path));
    if (both.length === 0)
      return unproven('Its answer moves by itself, so nobody can tell whether the other moves it.', again.after);
    return leaks(`The answer changed at ${both[0]} when the other tenant’s rows did.`, again.after);
  },
};

async function difference(
  site: Site,
): Promise<{ readonly proven: string } | { readonly paths: readonly string[]; readonly after: Attempt }> {
  // New rows of its own come first in a list by time, until the other’s are newer.
  await site.harness.plant(site.own);
  const before: Measured[] = [];
  // What a tenant’s own calls fill, such as a list of what it looked at last, is full by then.
  for (let n = 0; n < (site.changesRows ? 0 : 4); n += 1) await once(site);
  for (let n = 0; n < 3; n += 1) before.push(measured(await once(site)));
  for (let n = 0; n < (listsRows(before[2] as Measured) ? A_PAGE : 1); n += 1) await site.harness.plant(site.other);
  for (let n = 0; n < 3; n += 1) await site.glance(await site.asItself(site.other));
  const after = await once(site);
  const paths = changedPaths(before as [Measured, Measured, Measured], measured(after));
  return paths.length > 0 ? { paths, after } : { proven: 'The answer stayed the same while the other’s rows changed.' };
}

/** As many as would fill a page, where rows are listed: one that is cut before the tenant is looked at loses own rows. */
const A_PAGE = 12;

function listsRows(answer: Measured): boolean {
  return [...answer.keys()].some((path) => path.endsWith('.length'));
}

async function once(site: Site): Promise<Attempt> {
  return site.glance(await site.asItself());
}
