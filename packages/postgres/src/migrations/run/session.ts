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
  const client = await opened(connection, name);
  try {
    // A pooler hands out keys of its own.
    if (!(await isTrue(client, 'select pg_backend_pid() = $1 as answer', [processOf(client)]))) {
      throw pooled();
    }
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

function pooled(cause?: unknown): MigrationError {
  return new MigrationError(
    'migration_pooled',
    'the connection leads through a pooler, where locks and settings of a session reach other clients. Give the address of PostgreSQL itself.',
    { cause },
  );
}

/** The server's process of a connection. */
export function processOf(client: Client): number {
  return (client as unknown as { readonly processID: number }).processID;
}

/** As the parser reads a text the server must, too; what the role or the database has set otherwise is for the application. RESET ALL keeps these. */
const SETTINGS = [
  ...['standard_conforming_strings=on', 'default_transaction_isolation=read\\ committed', 'statement_timeout=0'],
  ...['idle_in_transaction_session_timeout=0', 'lock_timeout=0'],
];

const LOOKED_AFTER = 'client_connection_check_interval=1s';

async function opened(connection: string | ClientConfig, name: string): Promise<Client> {
  let wanted = [...SETTINGS, LOOKED_AFTER];
  for (;;) {
    const client = clientOf(connection, name, wanted);
    try {
      await client.connect();
      return client;
    } catch (cause) {
      await client.end().catch(() => {});
      // Not every version has them all, and not every system can look after a connection.
      const unknown = wanted.find((setting) => messageOf(cause).includes(setting.split('=')[0] as string));
      if (/unsupported startup parameter/.test(messageOf(cause))) throw pooled(cause);
      if (unknown === undefined) {
        throw new MigrationError(
          'target_unreachable',
          `the database let the run not in: ${messageOf(cause)}. Look whether it is there, and whether the role may connect.`,
          { cause },
        );
      }
      wanted = wanted.filter((setting) => setting !== unknown);
    }
  }
}

function clientOf(connection: string | ClientConfig, name: string, settings: readonly string[]): Client {
  const config = typeof connection === 'string' ? { connectionString: connection } : connection;
  const given = new Client(config) as unknown as { readonly connectionParameters: { readonly options?: string } };
  const { options = '' } = given.connectionParameters;
  // pg reads `binary`, of which its types do not know.
  const own: ClientConfig & { readonly binary: boolean } = {
    ...config,
    ...{ binary: false, application_name: name },
    options: [options, ...settings.map((setting) => `-c ${setting}`)].join(' ').trim(),
  };
  // pg takes what stands in the URL before what stands beside it.
  if (own.connectionString && URL.canParse(own.connectionString)) {
    const url = new URL(own.connectionString);
    for (const option of ['options', 'application_name']) url.searchParams.delete(option);
    own.connectionString = url.href;
  }
  const client = new Client(own);
  // A connection that breaks fails the query under way; without a listener it would end the process as well.
  client.on('error', () => {});
  client.on('notice', () => {});
  return client;
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
