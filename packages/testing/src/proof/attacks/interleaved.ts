import { findCanaries } from '../../canaries/find-canaries.js';
import { type Attack, leakOf, proven } from './attack.js';

const ROUNDS = 4;

/** Both at once: what is kept between an `await` and the next is found by no single request. */
export const interleaved: Attack = {
  name: 'interleaved',
  run: async (site) => {
    const isSlow = site.entrance.kind !== 'http' && site.entrance.kind !== 'graphql';
    for (let round = 0; round < (isSlow ? 1 : ROUNDS); round += 1) {
      const calls = [];
      for (let n = 0; n < 2; n += 1) calls.push(await site.asItself(site.other), await site.asItself(site.own));
      // And for the very rows that the other is asking for: look-ups of one tick may go as one, as whoever came first.
      if (!site.changesRows) {
        const [theirs, mine] = [await site.asItself(site.other), await site.asItself(site.own)];
        calls.push(theirs, { ...mine, rows: theirs.rows }, { ...theirs, rows: mine.rows });
      }
      const attempts = await Promise.all(calls.map((call) => site.glance(call)));
      for (const attempt of attempts) {
        const leak = leakOf(attempt, site, 'While both called at once');
        if (leak) return leak;
      }
    }
    return (await mixedRows(site)) ?? proven('Each saw its own.');
  },
};

/** Rows that were written meanwhile and have not come to whom they belong. */
async function mixedRows(site: Parameters<Attack['run']>[0]) {
  const { harness, own, other, changesRows } = site;
  if (!changesRows || !harness.rowsOf) return null;
  const rows = await harness.rowsOf(own);
  const seen = {
    request: null,
    answer: null,
    seen: rows,
    isRefused: false,
    error: null,
    sent: '',
    changes: [],
    log: [],
  };
  const sightings = findCanaries(rows, harness.canaries.of(other), 'rows');
  return leakOf({ ...seen, sightings }, site, 'After both wrote at once');
}
