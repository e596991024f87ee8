import { randomBytes } from 'node:crypto';

export interface CreateDatabaseOptions {
  /**
   * What the database is for: the beginning of its name, in lower-case letters, digits and `_`.
   * @defaultValue `'tenancy_test'`
   */
  readonly prefix?: string;
}

export interface TestDatabase {
  readonly name: string;
  /** The server's URL with this database in it. */
  readonly url: string;
  /** Drops the database, and ends the connections that are still open to it. Calling it again does nothing more. */
  stop(): Promise<void>;
}

/**
 * Creates an empty database of its own on a server that others may be using, under a name nobody else has.
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
  await execute(serverUrl, `create database ${name}`);
  let dropped: Promise<void> | undefined;
  return {
    name,
    url: url.href,
    stop: () => {
      dropped ??= execute(serverUrl, `drop database if exists ${name} with (force)`);
      return dropped;
    },
  };
}

async function execute(connectionString: string, sql: string): Promise<void> {
  const { Client } = await loadPg();
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function loadPg() {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new Error('createDatabase: the package pg is not installed. Install it with `npm install --save-dev pg`.', {
      cause,
    });
  }
}
