import { findCanaries } from '../../canaries/find-canaries.js';
import type { TenantRows } from '../../canaries/planted.js';
import { isNumbering } from '../target/numbering.js';
import { rowChanges } from '../target/row-changes.js';
import { type Attack, leakOf, proven } from './attack.js';

const ROUNDS = 4;

/** Both at once: what is kept between an `await` and the next is found by no single request. */
export const interleaved: Attack = {
  name: 'interleaved',
  run: async (target) => {
    const isSlow = target.entrance.kind !== 'http' && target.entrance.kind !== 'graphql';
    for (let round = 0; round < (isSlow ? 1 : ROUNDS); round += 1) {
      const calls = [];
      for (let n = 0; n < 2; n += 1) calls.push(await target.asItself(target.other), await target.asItself(target.own));
      // And for the very rows that the other is asking for: look-ups of one tick may go as one, as whoever came first.
      if (!target.changesRows) {
        const [theirs, mine] = [await target.asItself(target.other), await target.asItself(target.own)];
        calls.push(theirs, { ...mine, rows: theirs.rows }, { ...theirs, rows: mine.rows });
      }
      // After its rows were planted: what they lead to was there before.
      const before = target.changesRows ? await target.harness.rowsOf?.(target.own) : undefined;
      const attempts = await Promise.all(calls.map((call) => target.attemptUnobserved(call)));
      for (const attempt of attempts) {
        const leak = leakOf(attempt, target, 'While both called at once');
        if (leak) return leak;
      }
      const mixed = await mixedRows(target, before);
      if (mixed) return mixed;
    }
    return proven('Each saw its own.');
  },
};

/** Rows that were written meanwhile and have not come to whom they belong. */
async function mixedRows(target: Parameters<Attack['run']>[0], before: TenantRows | undefined) {
  const { harness, own, other } = target;
  if (!before || !harness.rowsOf) return null;
  const changes = rowChanges(before, await harness.rowsOf(own));
  const rows = changes.map(({ after }) => after);
  const seen = {
    request: null,
    answer: null,
    seen: rows,
    isRefused: false,
    error: null,
    sent: '',
    changes: [],
    log: [],
    logged: [],
    observed: [],
  };
  const foreign = harness.canaries.of(other);
  // The other's name may have been in them before, also by an attack.
  const known = changes.flatMap((change) => findCanaries(change.before, foreign)).map(({ canary }) => canary);
  // Two tenants that number their rows from one have the same numbers.
  const sightings = findCanaries(rows, foreign, 'rows').filter(
    ({ canary }) => !isNumbering(canary.value) && !known.includes(canary),
  );
  return leakOf({ ...seen, sightings }, target, 'After both wrote at once');
}
