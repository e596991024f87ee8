import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { connected } from './connection.js';
import { hasEnded, type TestRun } from './test-run.js';

/** Stands in the comment of every database that `createTestDatabase` leaves to be swept up when its run has ended. */
const MARK = 'tenancy test database of ';

export type Migrate = (url: string) => unknown;

/**
 * A database with the migrations applied, for the workers of one run to copy: the first that comes makes it, the others
 * wait. It answers its name.
 */
export async function templateDatabase(
  serverUrl: string,
  run: TestRun,
  what: string,
  migrate: Migrate,
): Promise<string> {
  const key = JSON.stringify([run, what]);
  const name = `tenancy_template_${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
  await connected('createTestDatabase', serverUrl, async (client) => {
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('select from pg_database where datname = $1 and not datallowconn', [name]);
    if (rowCount !== 0) return;
    // One that a worker did not finish.
    await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`create database ${name}`);
    await markAs(client, name, run);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    try {
      await migrate(url.href);
    } catch (error) {
      await client.query(`drop database ${name} with (force)`);
      throw error;
    }
    // A template that somebody is connected to cannot be copied.
    await client.query(`alter database ${name} with allow_connections false`);
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  });
  return name;
}

export async function markAs(client: Client, database: string, run: TestRun): Promise<void> {
  await client.query(`comment on database ${database} is ${client.escapeLiteral(`${MARK}${JSON.stringify(run)}`)}`);
}

/** Drops what runs that were killed have left, and the templates of those that have ended. */
export async function sweepDatabases(serverUrl: string): Promise<void> {
  await connected('createTestDatabase', serverUrl, async (client) => {
    const { rows } = await client.query<{ name: string; comment: string }>(
      `select d.datname as name, s.description as comment
         from pg_database d join pg_shdescription s on s.objoid = d.oid and s.classoid = 'pg_database'::regclass
        where starts_with(s.description, $1) and pg_has_role(d.datdba, 'member')`,
      [MARK],
    );
    for (const { name, comment } of rows) {
      if (await hasEnded(JSON.parse(comment.slice(MARK.length)) as TestRun)) {
        await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
      }
    }
  });
}
