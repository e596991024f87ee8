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
  const url = new URL(connectionString);
  // pg reads a path by decodeURI, which leaves these as they are.
  url.pathname = `/${encodeURIComponent(database).replaceAll(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent)}`;
  return { ...config, connectionString: url.href };
}

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
  readonly connectionParameters: { readonly ssl: PoolConfig['ssl'] };
}

function defined(config: { readonly [option: string]: unknown }): PoolConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined && value !== null));
}
