import { connected } from './connection.js';
import { createDatabase, type TestDatabase } from './create-database.js';
import { postgresFromEnvironment } from './postgres-from-environment.js';
import { restoreSnapshot, takeSnapshot } from './table-snapshot.js';
import { type Migrate, markAs, sweepDatabases, templateDatabase } from './template-database.js';
import { currentRun, currentWorker } from './test-run.js';

/** Options of `createTestDatabase`. */
export interface TestDatabaseOptions {
  /** Creates the tables, in the empty database at `url`: once for all workers of a run that share a server. */
  readonly migrate: (url: string) => unknown;
  /**
   * Name that tells these migrations from others in the same run, where two functions read the same and do different things.
   * @defaultValue the text of `migrate`
   */
  readonly name?: string;
  /**
   * The server, as a role that may create databases.
   * @defaultValue the one that `DATABASE_URL` names, or a throw-away server of its own
   */
  readonly serverUrl?: string;
  /**
   * The beginning of the database's name.
   * @defaultValue `'tenancy_test'`
   */
  readonly prefix?: string;
}

/** A database with the application's tables. */
export interface MigratedDatabase extends TestDatabase {
  /** Makes every table as it was after the migrations: their rows are back, all others are gone, sequences start again. */
  reset(): Promise<void>;
}

/**
 * A PostgreSQL database with the application's tables, for this worker alone: test files run beside each other and do
 * not meet. On a server that several workers share, the migrations are applied once, and each worker gets a copy.
 *
 * What a run that was killed leaves on a shared server is dropped by the next one. The migrated template of a run that
 * has ended is, too.
 *
 * @throws whatever `migrate` throws.
 * @example
 * ```ts
 * import pg from 'pg';
 * import { createTestDatabase } from '@tenancy/testing/postgres';
 *
 * const database = await createTestDatabase({
 *   migrate: async (url) => {
 *     const client = new pg.Client({ connectionString: url });
 *     await client.connect();
 *     await client.query('create table job (id serial primary key, tenant_id text not null, title text not null)');
 *     await client.end();
 *   },
 * });
 * process.env.DATABASE_URL = database.url;
 * // … after each test
 * await database.reset();
 * // … after all
 * await database.stop();
 * ```
 */
export async function createTestDatabase(options: TestDatabaseOptions): Promise<MigratedDatabase> {
  const { migrate, prefix = 'tenancy_test', name = String(migrate) } = options;
  if (typeof migrate !== 'function') {
    throw new TypeError('createTestDatabase needs `migrate: async (url) => …`, which creates the tables.');
  }
  const server = options.serverUrl ? { url: options.serverUrl, stop: async () => {} } : await postgresFromEnvironment();
  try {
    const database = await migrated(server.url, prefix, name, migrate);
    const snapshot = await connected('createTestDatabase', database.url, takeSnapshot);
    return {
      ...database,
      reset: () => connected('createTestDatabase', database.url, (client) => restoreSnapshot(client, snapshot)),
      stop: async (stopping = {}) => {
        try {
          await database.stop(stopping);
        } finally {
          await server.stop();
        }
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function migrated(serverUrl: string, prefix: string, name: string, migrate: Migrate): Promise<TestDatabase> {
  const run = await currentRun();
  await sweepDatabases(serverUrl);
  const template = await templateDatabase(serverUrl, run, name, migrate);
  const database = await createDatabase(serverUrl, { prefix: `${prefix}_w${currentWorker()}`, template });
  try {
    await connected('createTestDatabase', serverUrl, (client) => markAs(client, database.name, run));
  } catch (error) {
    await database.stop();
    throw error;
  }
  return database;
}
