import { createHmac } from 'node:crypto';
import { TenantDirectory } from '@tenancy/postgres/tenants';
import pg from 'pg';
import { type IsolationKind, isolations } from '../database/isolation.js';
import { StartError } from './start-error.js';

const INSUFFICIENT_PRIVILEGE = '42501';

/** The tables, the role that the application connects as, and what holds it to one company at a time. */
export async function prepareDatabase(
  adminDatabaseUrl: string,
  isolation: IsolationKind = 'rows',
  migrations?: URL,
): Promise<{ readonly databaseUrl: string }> {
  const client = new pg.Client({ connectionString: adminDatabaseUrl });
  await client.connect().catch((error: Error & { readonly code?: string }) => {
    // A name with several addresses has an error for each, and no message of its own.
    throw new StartError(`DATABASE_URL leads to no database: ${error.message || error.code}.`, { cause: error });
  });
  const companies = new TenantDirectory({ connection: adminDatabaseUrl });
  try {
    const { rows } = await client.query<{ database: string }>('select current_database() as database');
    const database = (rows[0] as { database: string }).database;
    const role = `${database}_app`;
    await refuseOtherIsolation(client, isolation);
    // Its tables are the library's own, which brings them up to date itself.
    await companies.install();
    await isolations[isolation].migrate({ adminDatabaseUrl, role, ...(migrations && { migrations }) }, companies);
    const url = new URL(adminDatabaseUrl);
    url.username = role;
    url.password = passwordOf(role, adminDatabaseUrl);
    const name = pg.escapeIdentifier(role);
    // A company's first rows are written as the application writes; and nothing that one company began keeps a connection from all.
    await client.query(`
      alter role ${name} password ${pg.escapeLiteral(url.password)};
      alter role ${name} set statement_timeout = '30s';
      alter role ${name} set idle_in_transaction_session_timeout = '60s';
      grant ${name} to current_user`);
    return { databaseUrl: url.href };
  } catch (error) {
    if (!isInsufficientPrivilege(error)) throw error;
    throw new StartError(
      "DATABASE_URL names a role that may not create the application's own role and its policies. " +
        'Use one that owns the database and has CREATEROLE.',
    );
  } finally {
    await companies.close();
    await client.end();
  }
}

/** A database that has companies in one way would have the tables of the other beside them, empty. */
async function refuseOtherIsolation(client: pg.Client, isolation: IsolationKind): Promise<void> {
  const { rows } = await client.query<{ kept: IsolationKind | null }>(
    `select case when to_regclass('public.user_account') is not null then 'rows'
                 when exists (select from pg_namespace where nspname like 'tenant\\_%') then 'schemas' end as kept`,
  );
  const kept = rows[0]?.kept ?? isolation;
  if (kept === isolation) return;
  throw new StartError(
    `DATABASE_URL names a database that keeps companies in ${kept}. Start with ISOLATION=${kept}, or name another database.`,
  );
}

/** Of PostgreSQL, or of what it said to a migration. */
function isInsufficientPrivilege(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  return code === INSUFFICIENT_PRIVILEGE || (cause !== undefined && isInsufficientPrivilege(cause));
}

/** The same for every start with the same administrator's URL, and not to be guessed by anybody without it. */
function passwordOf(role: string, adminDatabaseUrl: string): string {
  return createHmac('sha256', adminDatabaseUrl).update(role).digest('hex');
}
