import { randomBytes } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';
import { isTrue } from '../../protocol/ask.js';
import { MigrationError } from '../outcome/migration-error.js';

/** The beginning of `application_name` on every connection of a run. */
export const APPLICATION = 'tenancy migrate ';

/** Names a run, on its connections. */
export function runName(): string {
  return APPLICATION + randomBytes(6).toString('hex');
}

/**
 * A connection of a run: straight to the server, and looked after by it, so that a statement ends with its runner (O15).
 *
 * @throws MigrationError `target_unreachable`, or `migration_pooled` behind a pooler (O17).
 */
export async function connect(connection: string | ClientConfig, name: string): Promise<Client> {
  const config = typeof connection === 'string' ? { connectionString: connection } : connection;
  // pg reads `binary`, of which its types do not know.
  const own: ClientConfig & { readonly binary: boolean } = { ...config, binary: false, application_name: name };
  const client = new Client(own);
  // A connection that breaks fails the query under way; without a listener it would end the process as well.
  client.on('error', () => {});
  client.on('notice', () => {});
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => {});
    throw new MigrationError(
      'target_unreachable',
      `the database let the run not in: ${messageOf(cause)}. Look whether it is there, and whether the role may connect.`,
      { cause },
    );
  }
  try {
    // A pooler hands out keys of its own.
    if (!(await isTrue(client, 'select pg_backend_pid() = $1 as answer', [processOf(client)]))) {
      throw new MigrationError(
        'migration_pooled',
        'the connection leads through a pooler, where locks and settings of a session reach other clients. Give the address of PostgreSQL itself.',
      );
    }
    await lookAfter(client);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** The server's process of a connection. */
export function processOf(client: Client): number {
  return (client as unknown as { readonly processID: number }).processID;
}

/** Not every system that PostgreSQL runs on can look. */
async function lookAfter(client: Client): Promise<void> {
  await client.query("set client_connection_check_interval = '1s'").catch(() => {});
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
