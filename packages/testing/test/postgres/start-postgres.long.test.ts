import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { postgresFromEnvironment, startPostgres } from '../../src/postgres.js';
import { directoriesOf, remaining, runOwner, spawnOwner, tracesOf } from './traces.js';

const ALL = ['process', 'directory', 'port'];
const waiting = { timeout: 300_000, interval: 50 };

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query(sql).then(
    ({ rows }) => client.end().then(() => rows),
    (error) => client.end().then(() => Promise.reject(error)),
  );
}

describe('startPostgres', () => {
  it('runs PostgreSQL 18 on loopback, and stop leaves no process, port or directory', async () => {
    const server = await startPostgres();
    const traces = await tracesOf(server.url);
    expect(await remaining(traces)).toEqual(ALL);
    const [setting] = await query<Record<string, string>>(
      server.url,
      `select current_setting('server_version_num')::int / 10000 as major, current_setting('listen_addresses') as address,
       current_setting('unix_socket_directories') as sockets`,
    );
    expect(setting).toEqual({ major: 18, address: '127.0.0.1', sockets: '' });
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(await remaining(traces)).toEqual([]);
  });

  it('stops while clients are connected', async () => {
    const server = await startPostgres();
    const traces = await tracesOf(server.url);
    const client = new pg.Client({ connectionString: server.url });
    const failure = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await server.stop();
    expect(await remaining(traces)).toEqual([]);
    expect(await failure).toBeInstanceOf(Error);
  });

  it('runs two at once, here and in another process, each with its own port and data', async () => {
    const { owner, url } = await spawnOwner();
    const [one, two] = await Promise.all([startPostgres(), startPostgres()]);
    const traces = await Promise.all([url, one.url, two.url].map(tracesOf));
    expect(new Set(traces.map(({ port }) => port)).size).toBe(3);
    expect(new Set(traces.map(({ directory }) => directory)).size).toBe(3);
    await one.stop();
    for (const alive of [url, two.url]) expect(await query(alive, 'select 1 as one')).toEqual([{ one: 1 }]);
    owner.kill('SIGTERM');
    await two.stop();
    await vi.waitFor(async () => expect(await Promise.all(traces.map(remaining))).toEqual([[], [], []]), waiting);
  });

  it.each(['700', '755'])(
    'starts with a TMPDIR of mode %s, in which another account can create nothing',
    async (mode) => {
      const folder = await mkdtemp(join(tmpdir(), 'tenancy-tmpdir-'));
      await chmod(folder, Number.parseInt(mode, 8));
      vi.stubEnv('TMPDIR', folder);
      try {
        const server = await startPostgres();
        expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
        await server.stop();
        expect(await readdir(folder)).toEqual([]);
      } finally {
        vi.unstubAllEnvs();
        await rm(folder, { recursive: true });
      }
    },
  );

  it('stops when its guard was killed', async () => {
    const server = await startPostgres();
    const traces = await tracesOf(server.url);
    process.kill(await parentOf(traces.postmaster), 'SIGKILL');
    await server.stop();
    expect(await remaining(traces)).toEqual([]);
  });

  it('takes settings', async () => {
    const server = await startPostgres({ settings: { work_mem: '7MB' } });
    expect(await query(server.url, 'show work_mem')).toEqual([{ work_mem: '7MB' }]);
    await server.stop();
  });

  it('says what the server said when it does not start, and leaves nothing', async () => {
    await expect(startPostgres({ settings: { work_mem: 'plenty' } })).rejects.toThrow(/did not start.*work_mem/s);
  });

  it("installs no signal handler of its own in the application's process", async () => {
    const count = () =>
      ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'beforeExit', 'uncaughtException'].map((e) => process.listenerCount(e));
    const before = count();
    const server = await startPostgres();
    expect(count()).toEqual(before);
    await server.stop();
  });
});

describe('an owner that ends without stopping its server', () => {
  it.each(['exit', 'end', 'throw'])('leaves nothing behind: %s', async (ending) => {
    const { owner, url } = await spawnOwner(ending);
    if (owner.exitCode === null) await once(owner, 'exit');
    await vi.waitFor(() => expect(tracesOf(url)).rejects.toThrow('No server directory'), waiting);
    await expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('leaves nothing behind: %s', async (signal) => {
    const { owner, url } = await spawnOwner();
    const traces = await tracesOf(url);
    expect(await remaining(traces)).toEqual(ALL);
    owner.kill(signal);
    await vi.waitFor(async () => expect(await remaining(traces)).toEqual([]), waiting);
  });

  it.each([0, 10, 20, 40, 80, 160, 320])('leaves nothing behind: %i ms after it began to start', async (delay) => {
    const { pid } = await runOwner(`exit-after-${delay}`);
    await vi.waitFor(async () => expect(await directoriesOf(pid)).toEqual([]), waiting);
  });

  it('is swept by the next start when its guard was killed too', async () => {
    const { owner, url } = await spawnOwner();
    const traces = await tracesOf(url);
    process.kill(await parentOf(traces.postmaster), 'SIGKILL');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(await remaining(traces)).toEqual(ALL);
    const next = await startPostgres();
    expect(await remaining(traces)).toEqual([]);
    expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await next.stop();
  });
});

describe('postgresFromEnvironment', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('answers with DATABASE_URL when it is set, and never stops that server', async () => {
    const running = await startPostgres();
    vi.stubEnv('DATABASE_URL', running.url);
    const server = await postgresFromEnvironment();
    expect(server.url).toBe(running.url);
    await server.stop();
    expect(await query(running.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await running.stop();
  });

  it('starts a throw-away server otherwise', async () => {
    vi.stubEnv('DATABASE_URL', '');
    const server = await postgresFromEnvironment();
    const traces = await tracesOf(server.url);
    expect(await remaining(traces)).toEqual(ALL);
    await server.stop();
    expect(await remaining(traces)).toEqual([]);
  });
});

/** The guard is the parent of the postmaster. */
async function parentOf(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
  }
  const { execFileSync } = await import('node:child_process');
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
}
