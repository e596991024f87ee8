import type { DatabaseError } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { quoteQualified } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import { archiveRefused, endedBy } from '../archive/archive-refused.js';
import { archivedTables } from '../archive/archived-tables.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { countAndHash } from '../move/count-and-hash.js';
import { danglingReference } from '../move/dangling-reference.js';
import { PINNED, rowsOf } from '../move/row-source.js';
import { failedBy } from '../operations/failed-by.js';
import { refuseAlwaysTriggers } from '../places/always-triggers.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';
import { type FittedTable, fitTables } from './fit.js';
import type { ImportProgress } from './import-options.js';
import { type Loading, loadTable } from './load-table.js';
import { placeSequences } from './place-sequences.js';

/** All that an import writes into a place, in the open transaction of which nothing is seen before its commit. */
export interface RowsLoading extends Loading {
  readonly place: TenantPlace;
  readonly places: TenantPlaces;
  readonly onProgress: (progress: ImportProgress) => void;
}

/**
 * Writes all rows of an archive, and looks whether they are all there, the same, and refer to nobody else's.
 *
 * @throws TenantsError `archive_refused`, `place_unusable`, `operation_interrupted`, `operation_failed`.
 */
export async function loadRows(loading: RowsLoading): Promise<void> {
  const { client, signal } = loading;
  try {
    await client.query(`${PINNED}; set local session_replication_role = replica`);
    await load(loading);
    // The directory's own triggers tell of the tenant, where it is entered in the same transaction.
    await client.query('set local session_replication_role = origin');
  } catch (error) {
    throw failedBy(endedBy(signal, error), 'the import', 'Nothing was imported.');
  }
}

async function load(loading: RowsLoading): Promise<void> {
  const { client, tenant, archive, place, places, signal, onProgress } = loading;
  const tables = await archivedTables(client, place, places);
  await refuseAlwaysTriggers(client, tables);
  const fitted = fitTables(archive.manifest, tables);
  for (const table of tables) await emptied(table, loading);
  for (const one of fitted) {
    checkInterrupted(signal);
    await loadTable(one, loading).catch((error) => refusedBy(one, error));
    onProgress({ step: 'write', table: one.table.name, rows: one.archived.rows });
  }
  onProgress({ step: 'check' });
  for (const { archived, table, columns } of fitted) {
    checkInterrupted(signal);
    const { rows, hash } = await countAndHash(client, rowsOf(table, columns, tenant));
    if (rows !== String(archived.rows) || hash !== archived.hash) {
      throw archiveRefused(`the rows of ${JSON.stringify(table.name)} are not those that its manifest has the hash of`);
    }
    const dangling = await danglingReference(client, table, tenant, { tables });
    if (dangling !== null) {
      throw archiveRefused(
        `${dangling}, or are not the tenant's. Tables that everybody reads must have the same rows here`,
      );
    }
  }
  await placeSequences(client, place.kind, tables, tenant, archive.manifest);
}

/** Rows that the migrations have put into a place of the tenant's own are in the archive as it has them now; nothing is removed beside others' rows. */
async function emptied(table: PlacedTable, { client, tenant, place }: RowsLoading): Promise<void> {
  if (place.kind !== 'rows') {
    await client.query(`delete from ${quoteQualified(table)}`);
    return;
  }
  const own = `select 1 from ${quoteQualified(table)} where ${isOwn(table, tenant)}`;
  if (!(await isTrue(client, `select exists (${own}) as answer`))) return;
  throw new TenantsError(
    'place_unusable',
    `${quoteQualified(table)} has rows of this tenant already. Nothing was imported. Remove them, or import it under another id.`,
  );
}

/** Values that a column does not take, and rows that a constraint refuses. The text of the server may hold a row, and stays behind the cause. */
function refusedBy({ table }: FittedTable, error: unknown): never {
  const { code = '', constraint } = error as Partial<DatabaseError>;
  if (!/^2[23]/.test(code)) throw error;
  const by = constraint === undefined ? '' : ` by ${JSON.stringify(constraint)}`;
  throw archiveRefused(`a row of ${JSON.stringify(table.name)} is refused${by}, with SQLSTATE ${code}`, {
    cause: error,
  });
}
