import { quoteQualified } from '../../policies/quoting.js';
import { TenantsError } from '../tenants-error.js';
import { countAndHash } from './count-and-hash.js';
import { danglingReference } from './dangling-reference.js';
import { rowsOf } from './row-source.js';
import type { Portion } from './touched.js';
import type { Sides } from './transfer.js';

/**
 * Counts and hashes rows in the open snapshots of both sides.
 *
 * @throws TenantsError `operation_failed` where they differ, with the names of the tables.
 */
export async function compare({ tenant, source, target }: Sides, portions: readonly Portion[]): Promise<void> {
  for (const { pair, from, to } of portions) {
    const [left, right] = await Promise.all([
      countAndHash(source, rowsOf(pair.from, pair.columns, tenant, from)),
      countAndHash(target, rowsOf(pair.to, pair.columns, tenant, to)),
    ]);
    if (left.rows === right.rows && left.hash === right.hash) continue;
    throw new TenantsError(
      'operation_failed',
      `both sides differ: ${quoteQualified(pair.from)} has ${left.rows} rows, and ${quoteQualified(pair.to)} has ${right.rows}` +
        `${left.rows === right.rows ? ', some of them with other values' : ''}. Nothing was switched: the tenant is where it was. ` +
        'Look for what writes there beside the move, end it with `abandonMove`, and begin it again.',
    );
  }
}

/**
 * Looks whether each row of the target that refers to another one finds it: no trigger did when it was copied (O36).
 *
 * @throws TenantsError `place_unusable` with the name of the foreign key.
 */
export async function checkReferences({ tenant, target }: Sides, portions: readonly Portion[]): Promise<void> {
  for (const { pair, to } of portions) {
    const dangling = await danglingReference(target, pair.to, tenant, { condition: to });
    if (dangling === null) continue;
    throw new TenantsError(
      'place_unusable',
      `${dangling}. Nothing was switched: the tenant is where it was. Bring tables that everybody reads to the same rows on both sides, and run again.`,
    );
  }
}
