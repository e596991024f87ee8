import type { Client } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { endedBy } from '../archive/archive-refused.js';
import { type AddFile, writeArchive } from '../archive/archive-writer.js';
import { archivedMigrations } from '../archive/archived-migrations.js';
import { archivedColumns, archivedTables } from '../archive/archived-tables.js';
import { type ArchivedTable, type ArchiveManifest, digestOf, fileOf, textOf, VERSION } from '../archive/manifest.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { copyStreams } from '../move/copy-rows.js';
import { countAndHash } from '../move/count-and-hash.js';
import { isSame } from '../move/move-tenant.js';
import { bare, PINNED, rowsOf } from '../move/row-source.js';
import { lastNumbers, schemasOf } from '../move/sequences.js';
import { failedBy } from '../operations/failed-by.js';
import { connectToPlace } from '../places/connect.js';
import type { PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';
import {
  type ExportResult,
  type ExportSettings,
  type ExportTenantOptions,
  resolveExportOptions,
} from './export-options.js';

/**
 * Writes a tenant into a file that `importTenant` of this installation or another one reads: its entry in the directory, the rows of all of its
 * tables as one moment had them, and where its sequences are. The tenant is used meanwhile. What fails leaves no file, and one of the name is never
 * there before it is whole.
 *
 * The archive is a ZIP file of `manifest.json`, which has the count, hashes and columns of each table, and a file for each table in the text format
 * of COPY. It is as secret as the rows in it.
 *
 * @throws TenantsError `archive_unwritable`; `tenant_state_refused` for a tenant that is neither active nor suspended; `place_unusable` where the
 * role does not see every row, or a table holds rows of somebody else; `place_unknown`, `place_unreachable`, `tenant_unknown`, `operation_failed`,
 * `operation_interrupted`.
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong, and where `pg-copy-streams` or `yazl` is not installed.
 *
 * @example
 * ```ts
 * import { exportTenant, type TenantDirectory, type TenantPlaces } from '@tenancy/postgres/tenants';
 *
 * async function backUp(directory: TenantDirectory, places: TenantPlaces, tenant: string) {
 *   const { rows, digest } = await exportTenant({ directory, places, tenant, file: `${tenant}.zip` });
 *   return { rows, digest };
 * }
 * ```
 */
export async function exportTenant(options: ExportTenantOptions): Promise<ExportResult> {
  const settings = resolveExportOptions(options);
  const { file, signal } = settings;
  const tenant = await exported(settings);
  let manifest: ArchiveManifest | undefined;
  try {
    const bytes = await writeArchive(file, async (add) => {
      manifest = await fill(settings, tenant, add);
      await refuseMoved(settings, tenant);
      return manifest;
    });
    const tables = (manifest?.tables ?? []).map(({ name, rows }) => ({ name, rows }));
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    return { file, bytes, digest: digestOf(textOf(manifest as ArchiveManifest)), rows, tables };
  } catch (error) {
    throw failedBy(endedBy(signal, error), 'the export', 'Nothing of the archive is left.');
  }
}

async function exported({ directory, tenant: id }: ExportSettings): Promise<DirectoryTenant<unknown>> {
  const tenant = await directory.get(id);
  if (tenant.status === 'active' || tenant.status === 'suspended') return tenant;
  throw new TenantsError(
    'tenant_state_refused',
    `the tenant is ${tenant.status}, and only one that is active or suspended is exported. Nothing was written.`,
  );
}

/** Rows of a place that the tenant has left, or that are being deleted, are not what it has. */
async function refuseMoved(settings: ExportSettings, { place }: DirectoryTenant<unknown>): Promise<void> {
  if (isSame((await exported(settings)).place, place)) return;
  throw new TenantsError(
    'operation_failed',
    'the tenant was moved while it was exported. Nothing of the archive is left. Run it again.',
  );
}

async function fill(
  { places, signal, onProgress }: ExportSettings,
  tenant: DirectoryTenant<unknown>,
  add: AddFile,
): Promise<ArchiveManifest> {
  const { place, id, slug, name, plan, settings } = tenant;
  const client = await connectToPlace(places.connectionTo(place), `the place of the tenant, on ${place.server}`);
  const stop = () => void client.end().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  try {
    checkInterrupted(signal);
    const migrations = await archivedMigrations(client, place, places);
    await client.query(`begin isolation level repeatable read read only; ${PINNED}`);
    const found = await archivedTables(client, place, places);
    const tables: ArchivedTable[] = [];
    for (const table of found) {
      tables.push(await addTable(client, tenant, table, add));
      onProgress({ table: table.name, rows: tables.at(-1)?.rows ?? 0 });
    }
    // Numbers are drawn without regard to the snapshot: those of its rows are behind us.
    const lasts = await lastNumbers(client, schemasOf(found));
    const [server] = await ask<'version'>(client, `select current_setting('server_version') as version`);
    await client.query('commit');
    return {
      ...{ format: 'tenancy archive', version: VERSION, exportedAt: new Date().toISOString() },
      tenant: { id, slug, name, plan, settings: settings as ArchiveManifest['tenant']['settings'] },
      ...{ kind: place.kind, postgres: server?.version ?? '', migrations, tables },
      sequences: [...lasts].map(([sequence, last]) => ({ name: sequence, last })),
    };
  } finally {
    signal?.removeEventListener('abort', stop);
    await client.end().catch(() => {});
  }
}

async function addTable(
  client: Client,
  { id, place }: DirectoryTenant<unknown>,
  table: PlacedTable,
  add: AddFile,
): Promise<ArchivedTable> {
  const { name, tenantColumn } = table;
  const columns = archivedColumns(table);
  if (place.kind !== 'rows') await refuseRowsOfOthers(client, table, id);
  const query = rowsOf(
    table,
    columns.map((column) => column.name),
    id,
  );
  const streams = await copyStreams();
  const source = client.query(streams.to(`copy (${query}) to stdout`));
  const { bytes, sha256 } = await add(fileOf(table), source);
  const { rows, hash } = await countAndHash(client, query);
  if (rows !== String(source.rowCount)) {
    throw new TenantsError(
      'operation_failed',
      `${quoteQualified(table)} has ${rows} rows, and ${source.rowCount} were read of it. Nothing of the archive is left. Run it again.`,
    );
  }
  const typed = columns.map((column) => ({ name: column.name, type: bare(column.type) }));
  return { name, tenantColumn, columns: typed, rows: source.rowCount, hash, bytes, sha256 };
}

/** A row in the tenant's own schema or database that says that it is somebody else's would be left out without a word. */
async function refuseRowsOfOthers(client: Client, table: PlacedTable, tenant: string): Promise<void> {
  if (table.tenantColumn === null) return;
  const foreign = `${quoteIdentifier(table.tenantColumn)} is distinct from ${quoteLiteral(tenant)}`;
  const [found] = await ask<'count'>(client, `select count(*) as count from ${quoteQualified(table)} where ${foreign}`);
  if (found?.count === '0') return;
  throw new TenantsError(
    'place_unusable',
    `${found?.count} rows of ${quoteQualified(table)} are not the tenant's by their column ${quoteIdentifier(table.tenantColumn)}, and stand in a place ` +
      'of its own. Nothing was written. Correct these rows.',
  );
}
