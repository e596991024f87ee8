import type { Client } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import type { Fence } from '../fence/fence.js';
import { isOwn, type PlacedTable, tenantTables } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';
import { applicationOf, asApplication } from './as-application.js';
import type { DeleteSettings } from './delete-options.js';
import { deleteRows } from './delete-rows.js';
import {
  type LooseReference,
  looseReferences,
  nameOf,
  type Reference,
  referencesTo,
  refuseForeignRows,
  refuseMissingIndexes,
} from './references.js';

/** Times that all tables are gone through at the most; the scan finds what is written without an end. */
const MOST_ROUNDS = 3;

/** Tables with rows of a tenant, how many each has, and what refers to them. */
export interface RowsToRemove {
  readonly tables: readonly PlacedTable[];
  readonly counts: ReadonlyMap<string, number>;
  readonly references: readonly Reference[];
  readonly loose: readonly LooseReference[];
}

/**
 * Counts the tenant's rows among those of others, and sees to it that they can go alone.
 *
 * @throws TenantsError `place_unusable` where an index is missing, other rows would go with the tenant's (O36), or triggers would run past policies.
 */
export async function examineRows(
  client: Client,
  place: TenantPlace,
  { tenant, places }: Pick<DeleteSettings, 'tenant' | 'places'>,
): Promise<RowsToRemove> {
  const tables = await tenantTables(client, place, places);
  const references = await referencesTo(client, tables);
  const loose = looseReferences(references, tables);
  const counts = await countsOf(client, tables, tenant);
  refuseMissingIndexes(references, tables, counts);
  for (const table of tables) {
    if (!counts.get(nameOf(table))) continue;
    const toIt = loose.filter(({ to }) => nameOf(to) === nameOf(table));
    await refuseForeignRows(client, toIt, tenant, isOwn(table, tenant, 'p.'));
    await asApplication(client, quoteQualified(table), applicationOf(places), tenant);
  }
  return { tables, counts, references, loose };
}

/** The number of the tenant's rows in each table, as `schema.name`. */
async function countsOf(
  client: Client,
  tables: readonly PlacedTable[],
  tenant: string,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const table of tables) {
    const text = `select count(*) as rows from ${quoteQualified(table)} where ${isOwn(table, tenant)}`;
    const [row] = await ask<'rows'>(client, text);
    counts.set(nameOf(table), Number(row?.rows));
  }
  return counts;
}

/**
 * Removes the tenant's rows from tables that are everybody's, children first, behind a fence that stays closed: none comes in meanwhile.
 *
 * @param onCounted - told before the first row goes
 * @returns milliseconds of the longest batch
 * @throws TenantsError `operation_failed` where a transaction of the tenant stays open; as {@link examineRows}.
 */
export async function removeRows(
  client: Client,
  fence: Fence,
  place: TenantPlace,
  settings: DeleteSettings,
  onCounted: (counts: ReadonlyMap<string, number>) => Promise<void>,
): Promise<number> {
  const { tenant, places, patience, onProgress } = settings;
  const application = applicationOf(places);
  await fence.install();
  if (!(await fence.close(patience.lockPatienceMillis))) {
    throw new TenantsError(
      'operation_failed',
      `a transaction that has written to the tenant's rows was open for longer than ${patience.lockPatienceMillis} ms. Nothing was deleted; nobody of ` +
        'the tenant is let in. End that transaction, and run again.',
    );
  }
  await fence.seal();
  const examined = await examineRows(client, place, settings);
  await onCounted(examined.counts);
  let longestBatchMillis = 0;
  let { counts } = examined;
  // The application's own triggers may write while rows go, to a trail of changes for one.
  for (let round = 1; round <= MOST_ROUNDS && [...counts.values()].some((rows) => rows > 0); round += 1) {
    for (const table of examined.tables.toReversed()) {
      const of = counts.get(nameOf(table)) ?? 0;
      if (of === 0) continue;
      let rows = 0;
      const onBatch = (deleted: number, millis: number) => {
        rows += deleted;
        longestBatchMillis = Math.max(longestBatchMillis, Math.round(millis));
        onProgress({ type: 'rows', table: nameOf(table), rows, of });
      };
      const { references, loose } = examined;
      const { passing } = fence;
      const { signal } = patience;
      await deleteRows(table, { client, tenant, passing, references, loose, signal, application, onBatch });
    }
    counts = await countsOf(client, examined.tables, tenant);
  }
  return longestBatchMillis;
}
