import type { Attempt, Site } from '../site.js';
import { type Attack, leaks, proven, unproven } from './attack.js';
import { changedPaths, type Measured, measured } from './volatile.js';

/**
 * The other’s rows change, and the answer does not: a count, a sum, a rank or a page that others’ rows are part of holds none of
 * their values, but moves with them.
 */
export const interference: Attack = {
  name: 'interference',
  inapplicable: (site) => (site.changesRows ? 'It changes rows, so no two answers are alike.' : null),
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
  const before: Measured[] = [];
  for (let n = 0; n < 3; n += 1) before.push(measured(await once(site)));
  await site.harness.plant(site.other);
  for (let n = 0; n < 3; n += 1) await site.glance(await site.asItself(site.other));
  const after = await once(site);
  const paths = changedPaths(before as [Measured, Measured, Measured], measured(after));
  return paths.length > 0 ? { paths, after } : { proven: 'The answer stayed the same while the other’s rows changed.' };
}

async function once(site: Site): Promise<Attempt> {
  return site.glance(await site.asItself());
}
