import { posix } from 'node:path';
import { Client, type PoolConfig } from 'pg';

/** PostgreSQL cuts a longer name in the startup packet off, so two long names can be one database. */
const NAME_BYTES = 63;

/** The directories in which PostgreSQL puts its socket unless told otherwise: the server that `localhost` reaches as well. */
const OWN_SOCKETS: ReadonlySet<string> = new Set(['/tmp', '/run/postgresql', '/var/run/postgresql']);

/**
 * The address of the database that `config` leads to: equal for two configurations of one database, in whatever way they spell its host.
 * Host and port default as pg's own do, from the environment too. Credentials are not part of it.
 *
 * Aliases that only a name server or a pooler could resolve count as different databases.
 *
 * @throws TypeError when it names no database; what pg throws when pg cannot read it.
 */
export function databaseAddress(config: PoolConfig): string {
  // P2, for databases: `{ ...server, database: undefined }` would lead every tenant to the database of the environment.
  if (!namesDatabase(config)) throw new TypeError('The configuration names no database.');
  // pg itself says where it would connect. A client that is never connected opens nothing, unless its stream is given.
  const { stream: _, ...settings } = config;
  const { host, port, database } = new Client(settings);
  // pg would throw it later, and keep the connection that never was.
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new TypeError('The configuration has no usable port.');
  const name = Buffer.from(database ?? '').subarray(0, NAME_BYTES);
  return [normalisedHost(host), port, name.toString('latin1')].join('\0');
}

/** The part of pg's reading that a client does not show: whether the name is there, or a default took its place. */
function namesDatabase({ connectionString, database }: PoolConfig): boolean {
  if (!connectionString) return typeof database === 'string' && database !== '';
  if (connectionString.startsWith('/')) return Boolean(connectionString.split(' ')[1]);
  // pg reads an empty host, `postgres://user@/name`, in the same way.
  const url = parsed(connectionString) ?? parsed(connectionString.replace('@/', '@empty/'));
  if (url?.protocol === 'socket:') return Boolean(url.searchParams.get('db'));
  return url !== null && url.pathname.length > 1;
}

function normalisedHost(host: string): string {
  if (host.startsWith('/')) {
    const directory = posix.normalize(`${host}/.`).replace(/(?<=.)\/$/, '');
    return OWN_SOCKETS.has(directory) ? 'localhost' : directory;
  }
  const name = host.toLowerCase().replace(/\.$/, '');
  // A URL knows the many spellings of an IP address: `127.1`, `0:0:0:0:0:0:0:1`.
  const hostname = parsed(`http://${name.includes(':') ? `[${name}]` : name}`)?.hostname ?? name;
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  const address = mapped ? dotted(mapped[1] ?? '', mapped[2] ?? '') : hostname;
  const isLocal = /^127(\.\d+){3}$/.test(address) || ['localhost', '[::1]', '[::]', '0.0.0.0'].includes(address);
  return isLocal ? 'localhost' : address;
}

/** The IPv4 address inside an IPv6 one. */
function dotted(...halves: readonly string[]): string {
  return halves
    .map((half) => Number.parseInt(half, 16))
    .flatMap((half) => [half >> 8, half & 255])
    .join('.');
}

// Not `URL.parse`, which Node 20 does not have.
function parsed(text: string): URL | null {
  return URL.canParse(text, 'postgres://base') ? new URL(text, 'postgres://base') : null;
}
