import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import type { ArchiveReader } from '../archive/archive-reader.js';
import { archiveRefused } from '../archive/archive-refused.js';
import { copyStreams } from '../move/copy-rows.js';
import { TenantsError } from '../tenants-error.js';
import { deferredClashes, isDeferrable } from './deferrable-keys.js';
import type { FittedTable } from './fit.js';

/** Rows as they are read, before they are anybody's. */
const STAGE = 'pg_temp.tenancy_import';

/** A connection, an archive, and the tenant that its rows are of. */
export interface Loading {
  readonly client: ClientBase;
  readonly tenant: string;
  readonly archive: ArchiveReader;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes the rows of a table, as the tenant's whatever the archive says. No value passes through JavaScript (O35), and no row that is there is
 * changed. No trigger of the application fires: the transaction has `session_replication_role` set to `replica`.
 *
 * @throws TenantsError `place_unusable` where a row has a key that is there already.
 */
export async function loadTable(fitted: FittedTable, loading: Loading): Promise<void> {
  const { archived, table, columns } = fitted;
  const { client, tenant, archive, signal } = loading;
  const listed = columns.map((column) => quoteIdentifier(column));
  await client.query(
    `create temp table tenancy_import on commit drop as select ${listed.join(', ')} from ${quoteQualified(table)} with no data`,
  );
  const streams = await copyStreams();
  const staged = client.query(streams.from(`copy ${STAGE} from stdin`));
  await pipeline([...(await archive.rowsOf(archived)), staged], signal ? { signal } : {});
  if (staged.rowCount !== archived.rows) {
    throw archiveRefused(
      `${JSON.stringify(table.name)} has ${staged.rowCount} rows, and its manifest says ${archived.rows}`,
    );
  }
  const own = table.tenantColumn === null ? [] : [table.tenantColumn];
  const into = [...listed, ...own.map((column) => quoteIdentifier(column))];
  const values = [...listed, ...own.map(() => quoteLiteral(tenant))];
  const isDeferred = await isDeferrable(client, table);
  const { rowCount } = await client.query(
    `insert into ${quoteQualified(table)} ${into.length === 0 ? '' : `(${into.join(', ')}) overriding system value`}
      select ${values.join(', ')} from ${STAGE} ${isDeferred ? '' : 'on conflict do nothing'}`,
  );
  await client.query(`drop table ${STAGE}`);
  const clashes = isDeferred ? await deferredClashes(client, table, tenant) : archived.rows - (rowCount ?? 0);
  if (clashes > 0) throw clash(quoteQualified(table), clashes);
}

function clash(table: string, rows: number): TenantsError {
  return new TenantsError(
    'place_unusable',
    `${rows} rows of ${table} have a key that another row has already. Nothing was imported, and no row that is there was touched. Import it into a ` +
      "schema or a database of its own, or make the tenant's column part of that key.",
  );
}
