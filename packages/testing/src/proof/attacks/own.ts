import { findCanaries } from '../../canaries/find-canaries.js';
import { rowChanges } from '../row-changes.js';
import type { Attempt, Site } from '../site.js';
import { type Attack, leakOf, proven, statusOf, unproven } from './attack.js';

/** Without it, an entrance that refuses everything, or answers with nothing, would pass. */
export const own: Attack = {
  name: 'own',
  run: async (site) => {
    const call = await site.asItself();
    const before = site.changesRows ? await site.harness.rowsOf?.(site.own) : undefined;
    const attempt = await site.attempt(call);
    const leak = leakOf(attempt, site, 'By its own request');
    if (leak) return leak;
    if (attempt.isRefused) {
      const finding = unproven(
        `The tenant’s own request was answered with ${statusOf(attempt)}, so nothing that is refused means anything. ` +
          `Give an example that works: { '${site.entrance.id}': (rows) => ({ … }) }.`,
        attempt,
      );
      return { ...finding, isVain: true };
    }
    const { answersNothing } = site.approach;
    if (answersNothing) return proven(`It works for the tenant; its answer holds nothing of it: ${answersNothing}`);
    if (site.entrance.isUntenanted) return proven('It works, and has no tenant.');
    if (shows(attempt, site)) return proven('The tenant’s own data is there.');
    if (site.changesRows) {
      const after = await site.harness.rowsOf?.(site.own);
      if (before && after && rowChanges(before, after).length > 0) return proven('It changed the tenant’s own rows.');
    } else if (await changesWithRows(site, attempt)) {
      return proven('Its answer follows the tenant’s own rows.');
    }
    return unproven(nothingOwn(site), attempt);
  },
};

/** True when data of the tenant’s own was seen: not what a reader sent itself and got back, but what it wrote, as it is there now. */
function shows({ answer, seen, sent }: Attempt, site: Site): boolean {
  const found = findCanaries(answer ? [answer.body, answer.headers] : seen, site.harness.canaries.of(site.own));
  return found.some(({ canary }) => site.changesRows || !sent.includes(canary.value.toLowerCase()));
}

/** A count holds no value of the tenant’s, but grows with its rows. */
async function changesWithRows(site: Site, first: Attempt): Promise<boolean> {
  await site.harness.plant(site.own);
  const second = await site.attempt(await site.asItself());
  return JSON.stringify(second.seen) !== JSON.stringify(first.seen);
}

function nothingOwn(site: Site): string {
  const rows = site.changesRows ? ' and changed none of its rows' : ', and did not change with its rows';
  return (
    `Its answer held nothing of the tenant’s own${rows}, so that nothing foreign is in it either proves little. ` +
    `Plant rows that it answers with, or say why that is right: { '${site.entrance.id}': { answersNothing: '…' } }.`
  );
}
