import { createHmac } from 'node:crypto';
import { migrate } from '@tenancy/postgres/migrations';
import pg from 'pg';
import { StartError } from './start-error.js';

const INSUFFICIENT_PRIVILEGE = '42501';

/** The tables, the role that the application connects as, and the policies that hold it to one company at a time. */
export async function prepareDatabase(adminDatabaseUrl: string): Promise<{ readonly databaseUrl: string }> {
  const client = new pg.Client({ connectionString: adminDatabaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ database: string }>('select current_database() as database');
    const database = (rows[0] as { database: string }).database;
    const role = `${database}_app`;
    await migrate({
      connection: adminDatabaseUrl,
      directory: new URL('../../migrations', import.meta.url),
      // A company is its own tenant, so its row belongs to its id.
      policies: { role, database, tables: [{ name: 'company', tenantColumn: 'id' }] },
    });
    const url = new URL(adminDatabaseUrl);
    url.username = role;
    url.password = passwordOf(role, adminDatabaseUrl);
    await client.query(`alter role ${pg.escapeIdentifier(role)} password ${pg.escapeLiteral(url.password)}`);
    return { databaseUrl: url.href };
  } catch (error) {
    if (!isInsufficientPrivilege(error)) throw error;
    throw new StartError(
      "DATABASE_URL names a role that may not create the application's own role and its policies. " +
        'Use one that owns the database and has CREATEROLE.',
    );
  } finally {
    await client.end();
  }
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
