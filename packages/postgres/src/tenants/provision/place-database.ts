import { randomInt } from 'node:crypto';
import type { ClientBase, DatabaseError } from 'pg';
import { tryAgain } from '../../direct/try-again.js';
import { quoteIdentifier } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { TenantsError } from '../tenants-error.js';
import { nameTaken } from './name-taken.js';

/** Limits that no administrator chooses: a database has one from its very first moment, CREATE DATABASE sets it. */
export function newToken(): number {
  return randomInt(1_000_000_000, 2 ** 31 - 1);
}

/** The limit of a database whose DROP was cut off: nobody can use it, and it can only be dropped again. */
const HALF_DROPPED = -2;

/** Of the name that another one makes at this moment, and of a template that somebody is connected to. */
const AGAIN = new Set(['42P04', '23505', '55006']);

/** Milliseconds for others to be done. */
const PATIENCE = 10_000;

/**
 * Makes the database, and first drops a half-made one of an earlier call.
 *
 * @param token - written down before, while no database had the name
 * @throws TenantsError `place_unusable` where there is one of the name that is not half-made by us.
 */
export async function createDatabase(client: ClientBase, name: string, token: number): Promise<void> {
  const attempt = async () => {
    await dropHalfMade(client, name, token);
    if ((await limitOf(client, name)) !== null) throw nameTaken('database', name);
    await client.query(`create database ${quoteIdentifier(name)} connection limit ${token}`);
  };
  await tryAgain(attempt, {
    isAgain: (error) => AGAIN.has((error as DatabaseError).code ?? ''),
    patience: PATIENCE,
    pause: { first: 50, longest: 500 },
    givenUp: (cause) =>
      new TenantsError(
        'operation_failed',
        `CREATE DATABASE did not succeed in ${PATIENCE / 1_000} s: ${(cause as Error).message}. No database was made. Run again.`,
        { cause },
      ),
  });
}

/**
 * Drops it where it is the half-made one of this token, and leaves another one alone. The connection holds a lock of that name from here to its
 * end: a server goes on with the CREATE DATABASE of a process that was killed, and nobody sees that database before it is there.
 */
export async function dropHalfMade(client: ClientBase, name: string, token: number): Promise<void> {
  await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`@tenancy place ${name}`]);
  const limit = await limitOf(client, name);
  if (limit !== token && limit !== HALF_DROPPED) return;
  await client.query(`drop database if exists ${quoteIdentifier(name)} with (force)`);
}

/** The connection limit of a database; null where there is none of the name. */
export async function limitOf(client: ClientBase, name: string): Promise<number | null> {
  const [row] = await ask<'limit'>(client, 'select datconnlimit as limit from pg_database where datname = $1', [name]);
  return row ? Number(row.limit) : null;
}

/** Statements that open a database that is made: to the application's role alone, and without the limit of a half-made one. */
export function openedDatabase(name: string, roles: readonly string[]): readonly string[] {
  const database = quoteIdentifier(name);
  return [
    `revoke all on database ${database} from public`,
    `grant connect on database ${database} to ${roles.map(quoteIdentifier).join(', ')}`,
    `alter database ${database} connection limit -1`,
  ];
}
