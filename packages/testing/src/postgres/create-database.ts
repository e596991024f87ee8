import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { connected } from './connection.js';

/** Options of {@link createDatabase}. */
export interface CreateDatabaseOptions {
  /**
   * Purpose of the database: the beginning of its name, in lower-case letters, digits and `_`.
   * @defaultValue `'tenancy_test'`
   */
  readonly prefix?: string;
  /**
   * The database that it is a copy of, which nobody may be connected to.
   * @defaultValue PostgreSQL's own, which is empty
   */
  readonly template?: string;
}

/** Options of a test database's `stop`. */
export interface StopDatabaseOptions {
  /**
   * Roles that were made for this database alone, to be dropped after it; a role that does not exist is passed over.
   * @defaultValue `[]`
   */
  readonly roles?: readonly string[];
}

/** A database that was made for tests. */
export interface TestDatabase {
  readonly name: string;
  /** The server's URL with this database in it. */
  readonly url: string;
  /**
   * Drops the database, and ends the connections that are still open to it; then the `roles`, which nothing depends on any
   * more. Calling it again does nothing more.
   */
  stop(options?: StopDatabaseOptions): Promise<void>;
}

/**
 * Creates a database of its own, an empty one unless it is told otherwise, on a server that others may be using, under a name nobody else has.
 *
 * @param serverUrl - a role that may create databases, and any database it can connect to
 *
 * @example
 * ```ts
 * import { createDatabase } from '@tenancy/testing/postgres';
 *
 * const database = await createDatabase('postgres://localhost/postgres');
 * console.log(database.url);
 * await database.stop();
 * ```
 */
export async function createDatabase(serverUrl: string, options: CreateDatabaseOptions = {}): Promise<TestDatabase> {
  const prefix = options.prefix ?? 'tenancy_test';
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(prefix)) {
    throw new Error(
      `createDatabase: the prefix ${JSON.stringify(prefix)} cannot begin a database name. ` +
        'Use up to 40 lower-case letters, digits and "_", beginning with a letter.',
    );
  }
  const name = `${prefix}_${randomBytes(8).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const template = options.template === undefined ? '' : ` template "${options.template.replaceAll('"', '""')}"`;
  await execute(serverUrl, `create database ${name}${template}`);
  let dropped: Promise<void> | undefined;
  return {
    name,
    url: url.href,
    // Without a parameter that Jest would take for its `done`.
    stop: ({ roles = [] } = {}) => {
      dropped ??= connected('createDatabase', serverUrl, async (client) => {
        await ended(client, name);
        await client.query(`drop database if exists ${name} with (force)`);
        // In one statement, as one may have granted membership in another.
        const quoted = roles.map((role) => client.escapeIdentifier(role));
        if (quoted.length > 0) await client.query(`drop role if exists ${quoted.join(', ')}`);
      });
      return dropped;
    },
  };
}

/** Milliseconds for connections that are being ended, before those that are left are cut off. */
const ENDING_TIMEOUT = 500;

/** Waits until nobody is connected to the database: whoever is told of it while a connection ends has an error that nobody listens for. */
async function ended(client: Client, name: string): Promise<void> {
  for (const end = Date.now() + ENDING_TIMEOUT; ; await sleep(20)) {
    const { rowCount } = await client.query(
      "select from pg_stat_activity where datname = $1 and backend_type = 'client backend'",
      [name],
    );
    if (rowCount === 0 || Date.now() > end) return;
  }
}

async function execute(url: string, sql: string): Promise<void> {
  await connected('createDatabase', url, (client) => client.query(sql));
}
