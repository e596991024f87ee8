import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../database/free-port.js';

export type PoolMode = 'transaction' | 'session' | 'statement';

export interface PgBouncer {
  /** As the server's URL, through the pooler. */
  readonly url: string;
  readonly directory: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** The program, or `undefined` where it is not installed. */
export const program = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

export const title = program
  ? 'behind PgBouncer'
  : 'behind PgBouncer, which is not installed here (to run these: apt-get install pgbouncer, or brew install pgbouncer)';

/**
 * Ends PgBouncer when its standard input ends: the owner closed it, or is gone for whatever reason. It keeps nothing, so
 * it need not be asked.
 */
const GUARD = 'cd "$2" || exit 1; "$1" pgbouncer.ini & read -r _; kill -KILL $!; wait $!; cd /; rm -rf "$2"';

/** Starts PgBouncer in front of the database of `url`, with `size` connections to it, on a free loopback port; `more` are lines of its configuration. */
export async function startPgBouncer(
  url: string,
  mode: PoolMode,
  size: number,
  more: readonly string[] = [],
): Promise<PgBouncer> {
  if (!program) throw new Error('PgBouncer is not installed.');
  const { hostname, port: serverPort, pathname, username, password } = new URL(url);
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'tenancy-pgbouncer-'));
  const name = pathname.slice(1);
  const server = { host: hostname, port: serverPort, dbname: name, user: username, password };
  await writeFile(
    join(directory, 'pgbouncer.ini'),
    `[databases]
${name} = ${Object.entries(server)
      // A server that trusts needs no password, and an empty one is none that the file can hold.
      .filter(([, value]) => value !== '')
      .map(([key, value]) => `${key}=${decodeURIComponent(value)}`)
      .join(' ')}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${size}
max_client_conn = 200
logfile = log
${more.join('\n')}
`,
  );
  const account = accountFor(directory);
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', program, directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    ...account,
  });
  const gone = once(guard, 'exit');
  const through = new URL(url);
  through.host = `127.0.0.1:${port}`;
  const bouncer = {
    url: through.href,
    directory,
    port,
    stop: async () => {
      guard.stdin.end();
      await gone;
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await answering(through.href, join(directory, 'log'));
  } catch (error) {
    await bouncer.stop();
    throw error;
  }
  return bouncer;
}

/** PgBouncer does not run as root, so root lends it an account that exists everywhere. */
function accountFor(directory: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid = 0, gid = 0] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'])));
  for (const path of [directory, join(directory, 'pgbouncer.ini')]) chownSync(path, uid, gid);
  return { uid, gid };
}

async function answering(connectionString: string, log: string): Promise<void> {
  for (const end = Date.now() + 120_000; ; await sleep(50)) {
    const client = new pg.Client({ connectionString });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw new Error(`PgBouncer did not answer.\n${await readFile(log, 'utf8').catch(() => '')}`, { cause: error });
      }
    }
  }
}
