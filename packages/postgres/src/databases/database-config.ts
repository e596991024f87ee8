import { Client, type ClientConfig, type PoolConfig } from 'pg';
import { requireConnection } from '../errors/require-connection.js';

/** The options of a pool that lead to a database, and those that are not pg's. The others hold wherever a pool leads. */
const OWN = [
  'connectionString',
  'host',
  'port',
  'user',
  'password',
  'database',
  'context',
  'isolation',
  'checks',
  'replicas',
  'reads',
];

/**
 * The configuration of one tenant's database: what `answer` says, and for the rest the options of the pool that it is for.
 *
 * An answer that names no server is about the pool's own; one that does takes nothing of where the pool leads, or its
 * password would be sent elsewhere.
 */
export function databaseConfig(pool: PoolConfig, answer: PoolConfig): PoolConfig {
  const options = Object.fromEntries(Object.entries(pool).filter(([name]) => !OWN.includes(name)));
  const said = Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined));
  if (said['connectionString'] || said['host']) return { ...options, ...said };
  return { ...options, ...serverOf(pool, said['user'] === undefined), ...said };
}

/** A connection as pg takes it. */
export function configFrom<Config extends ClientConfig>(connection: string | Config): Config {
  return typeof connection === 'string' ? ({ connectionString: connection } as Config) : { ...connection };
}

/** The name of the database that a connection leads to, as pg reads it: from the environment too. */
export function databaseOf(config: PoolConfig): string {
  const { stream: _, ...settings } = config;
  return new Client(settings).database ?? '';
}

/** The same server and role, and another database. A URL counts for more than an option beside it. */
export function inDatabase<Config extends ClientConfig>(config: Config, database: string): Config {
  const { connectionString } = config;
  if (connectionString === undefined) return { ...config, database };
  // What a path cannot say, or not as pg reads it, such as `a/b` or `..`, and what is no URL with a path is taken apart.
  const repointed = { ...config, connectionString: atPath(connectionString, database) };
  return repointed.connectionString !== undefined && databaseOf(repointed) === database
    ? (repointed as Config)
    : { ...takenApart(config), database };
}

function atPath(connectionString: string, database: string): string | undefined {
  if (!URL.canParse(connectionString)) return undefined;
  const url = new URL(connectionString);
  // The path of a socket is its own.
  if (url.protocol === 'socket:') return undefined;
  // pg reads a path by decodeURI, which leaves these as they are.
  url.pathname = `/${encodeURIComponent(database).replaceAll(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent)}`;
  return url.href;
}

/** The options that pg reads from a URL, beside each other. A client that is never connected opens nothing, unless its stream is given. */
function takenApart<Config extends ClientConfig>({ connectionString, ...config }: Config): Config {
  const { stream: _, ...settings } = config;
  const read = (new Client({ connectionString, ...settings } as ClientConfig) as Client & Read).connectionParameters;
  return { ...config, ...defined(Object.fromEntries(READ.map((name) => [name, read[name]]))) } as unknown as Config;
}

/** The parameters of a URL that pg takes as options of a client as well. */
const READ = [
  ...([
    'host',
    'port',
    'user',
    'password',
    'ssl',
    'sslnegotiation',
    'options',
    'client_encoding',
    'replication',
  ] as const),
  ...(['application_name', 'fallback_application_name', 'statement_timeout', 'lock_timeout'] as const),
  ...(['idle_in_transaction_session_timeout', 'query_timeout'] as const),
];

function serverOf(pool: PoolConfig, withCredentials: boolean): PoolConfig {
  requireConnection('createTenantPool', pool);
  if (pool.connectionString === undefined) {
    const { host, port, user, password } = pool;
    return defined(withCredentials ? { host, port, user, password } : { host, port });
  }
  // pg itself reads it. A client that is never connected opens nothing, unless its stream is given.
  const { stream: _, ...settings } = pool;
  const { connectionParameters: read, host, port, user, password } = new Client(settings) as Client & Read;
  const { ssl } = read;
  return defined(withCredentials ? { host, port, ssl, user, password } : { host, port, ssl });
}

/** The configuration that a client keeps, with what its types leave out. */
interface Read {
  readonly connectionParameters: { readonly ssl: PoolConfig['ssl'] } & Readonly<Record<string, unknown>>;
}

function defined(config: { readonly [option: string]: unknown }): PoolConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined && value !== null));
}
