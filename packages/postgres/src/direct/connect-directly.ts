import { Client, type ClientConfig } from 'pg';
import { isTrue } from '../protocol/ask.js';

/** As a reader of SQL takes a text the server must, too; what the role or the database has set otherwise is for the application. */
const SETTINGS = [
  ...['standard_conforming_strings=on', 'default_transaction_isolation=read\\ committed', 'statement_timeout=0'],
  ...['lock_timeout=0', 'client_connection_check_interval=500ms'],
  // A machine that vanishes says no goodbye.
  ...['tcp_keepalives_idle=10', 'tcp_keepalives_interval=5', 'tcp_keepalives_count=3'],
];

/** How a run calls its connections, and the faults that they may have. */
export interface DirectConnection {
  /** `application_name`, by which a later run finds what is left of this one. */
  readonly name: string;
  /** Settings beside those of every run, as `name=value`, with a backslash before a space. */
  readonly settings?: readonly string[];
  readonly pooled: (cause?: unknown) => Error;
  readonly unreachable: (cause: unknown) => Error;
}

/**
 * A connection of a run: straight to the server, and looked after by it, so that a statement ends with its runner (O15). Its settings are those
 * of the start of the session, so RESET ALL keeps them.
 *
 * @throws `unreachable`, or `pooled` behind a pooler, which gives one session to several clients (O17).
 */
export async function connectDirectly(connection: string | ClientConfig, options: DirectConnection): Promise<Client> {
  const client = await opened(connection, options);
  try {
    // A pooler hands out keys of its own.
    if (!(await isTrue(client, 'select pg_backend_pid() = $1 as answer', [processOf(client)]))) throw options.pooled();
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

async function opened(
  connection: string | ClientConfig,
  { name, settings = [], pooled, unreachable }: DirectConnection,
): Promise<Client> {
  let wanted = [...SETTINGS, ...settings];
  for (;;) {
    const client = clientOf(connection, name, wanted);
    try {
      await client.connect();
      return client;
    } catch (cause) {
      await client.end().catch(() => {});
      if (/unsupported startup parameter/.test(messageOf(cause))) throw pooled(cause);
      // Not every version has them all, and not every system can look after a connection.
      const unknown = wanted.find((setting) => messageOf(cause).includes(setting.split('=')[0] as string));
      if (unknown === undefined) throw unreachable(cause);
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
