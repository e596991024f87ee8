import { createHmac } from 'node:crypto';
import { compilePolicies, readTables } from '@tenancy/postgres';
import { migrate } from '@tenancy/postgres/migrations';
import pg from 'pg';
import { StartError } from './start-error.js';

const INSUFFICIENT_PRIVILEGE = '42501';

/** The tables, the role that the application connects as, and the policies that hold it to one company at a time. */
export async function prepareDatabase(adminDatabaseUrl: string): Promise<{ readonly databaseUrl: string }> {
  await migrate({ connection: adminDatabaseUrl, directory: new URL('../../migrations', import.meta.url) });
  const client = new pg.Client({ connectionString: adminDatabaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ database: string }>('select current_database() as database');
    const database = (rows[0] as { database: string }).database;
    const role = `${database}_app`;
    // A company is its own tenant, so its row belongs to its id.
    const { tables } = await readTables(client, { shared: ['company'] });
    const policies = compilePolicies({
      role,
      database,
      tables: [...tables, { name: 'company', tenantColumn: 'id' }],
    });
    const url = new URL(adminDatabaseUrl);
    url.username = role;
    url.password = passwordOf(role, adminDatabaseUrl);
    await client.query('begin');
    // Two starts at once would give the same role the same rights.
    await client.query(`select pg_advisory_xact_lock(hashtext('hiring-platform policies'))`);
    await client.query(policies.sql);
    await client.query(`alter role ${pg.escapeIdentifier(role)} password ${pg.escapeLiteral(url.password)}`);
    await client.query('commit');
    return { databaseUrl: url.href };
  } catch (error) {
    if ((error as { readonly code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new StartError(
      "DATABASE_URL names a role that may not create the application's own role and its policies. " +
        'Use one that owns the database and has CREATEROLE.',
    );
  } finally {
    await client.end();
  }
}

/** The same for every start with the same administrator's URL, and not to be guessed by anybody without it. */
function passwordOf(role: string, adminDatabaseUrl: string): string {
  return createHmac('sha256', adminDatabaseUrl).update(role).digest('hex');
}
