import type { Tenant } from '@tenancy/core';
import type { Pool, PoolClient } from 'pg';
import type { PlantedRow, TenantRows } from '../canaries/planted.js';
import { loadPg } from './connection.js';

/** Options of `rowsFromPostgres`. */
export interface RowsFromPostgresOptions {
  /** The column that holds the tenant's `id`: `tenant_id`. */
  readonly tenantColumn: string;
  /**
   * The tables to read, `job` or `hr.job`.
   * @defaultValue every table that has the column
   */
  readonly tables?: readonly string[];
}

interface Table {
  readonly schema: string;
  readonly table: string;
  /** Columns of the primary key, so that a row that was changed stays where it was. */
  readonly key: readonly string[];
  readonly isHidden: boolean;
}

/**
 * Reads every row of a tenant from outside the application, as a role that row-level security does not hold: for the
 * harness's `rows`, which compares them before and after a write.
 *
 * @throws Error when no table has the column, or when the role sees only a part of one: then nothing could be compared.
 * @example
 * ```ts
 * import { rowsFromPostgres } from '@tenancy/testing/postgres';
 *
 * const rows = rowsFromPostgres('postgres://postgres@localhost/app', { tenantColumn: 'tenant_id' });
 * const { job } = await rows({ id: 't_acme', slug: 'acme' });
 * ```
 */
export function rowsFromPostgres(
  url: string,
  { tenantColumn, tables: wanted }: RowsFromPostgresOptions,
): (tenant: Tenant) => Promise<TenantRows> {
  let pool: Promise<Pool> | undefined;
  const open = async () => {
    const pg = await loadPg('rowsFromPostgres');
    // Nobody has to close it: it keeps neither a process nor, for long, a connection.
    const opened = new pg.Pool({ connectionString: url, max: 1, allowExitOnIdle: true, idleTimeoutMillis: 500 });
    // The database may be dropped before the connection is.
    opened.on('error', () => {});
    return opened;
  };
  return async ({ id }) => {
    pool ??= open();
    const client = await (await pool).connect();
    try {
      await client.query('begin isolation level repeatable read, read only');
      const found: Record<string, readonly PlantedRow[]> = {};
      for (const { schema, table, key } of await tablesOf(client, tenantColumn, wanted)) {
        const column = client.escapeIdentifier(tenantColumn);
        const order = key.length > 0 ? key.map((name) => client.escapeIdentifier(name)).join(', ') : 't::text';
        const { rows } = await client.query<PlantedRow>(
          `select * from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)} t
            where ${column}::text = $1 order by ${order}`,
          [id],
        );
        found[schema === 'public' ? table : `${schema}.${table}`] = rows;
      }
      await client.query('commit');
      client.release();
      return found;
    } catch (error) {
      client.release(true);
      throw error;
    }
  };
}

async function tablesOf(
  client: PoolClient,
  tenantColumn: string,
  wanted: readonly string[] | undefined,
): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(
    `select n.nspname::text as schema, c.relname::text as table,
            row_security_active(c.oid) as "isHidden",
            array(select k.attname::text from pg_index i join pg_attribute k on k.attrelid = c.oid and k.attnum = any (i.indkey)
                   where i.indrelid = c.oid and i.indisprimary order by k.attnum) as key
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attname = $1 and a.attnum > 0 and not a.attisdropped
      where c.relkind in ('r', 'p') and not c.relispartition and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
      order by 1, 2`,
    [tenantColumn],
  );
  const named = ({ schema, table }: Table) => (schema === 'public' ? table : `${schema}.${table}`);
  const missing = wanted?.filter((name) => !rows.some((table) => named(table) === name)) ?? [];
  const chosen = wanted ? rows.filter((table) => wanted.includes(named(table))) : rows;
  if (missing.length > 0 || chosen.length === 0) {
    const what = missing.length > 0 ? `no table ${missing.join(', ')} with` : 'no table with';
    throw new Error(
      `rowsFromPostgres: the database has ${what} a column ${JSON.stringify(tenantColumn)}. Name the column that holds the ` +
        "tenant's id, in a database that is migrated.",
    );
  }
  const hidden = chosen.filter(({ isHidden }) => isHidden).map(named);
  if (hidden.length > 0) {
    throw new Error(
      `rowsFromPostgres: row-level security hides rows of ${hidden.join(', ')} from this role, so that a change would not be ` +
        'seen. Connect as a superuser or a role with BYPASSRLS: a superuser makes it one by `alter role … bypassrls`.',
    );
  }
  return chosen;
}
