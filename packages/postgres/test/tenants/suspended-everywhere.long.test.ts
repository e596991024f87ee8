import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TenantDirectory } from '../../src/tenants.js';
import { CutLine } from './cut-line.js';

/** Longer than the whole test: nothing here holds because time has passed, but for where that is said. */
const LONG = 3_600_000;

class Running {
  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {}

  static start(given: object): Promise<Running> {
    const script = join(import.meta.dirname, 'listening-app.mjs');
    const child = spawn(process.execPath, [script, JSON.stringify(given)], { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Promise((resolve, reject) => {
      child.on('error', reject).on('exit', (code) => reject(new Error(`ended with ${code}`)));
      child.stdout?.setEncoding('utf8').once('data', (said: string) => resolve(new Running(child, Number(said))));
    });
  }

  status(slug: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { host: `${slug}.app.test` };
      const asked = request({ host: '127.0.0.1', port: this.port, headers, agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      asked.on('error', reject).end();
    });
  }

  /** @returns how the process ended by itself */
  end(): Promise<number | null> {
    return new Promise((resolve) => {
      this.child.removeAllListeners('exit').on('exit', resolve);
      this.child.stdin?.end();
    });
  }
}

describe('a suspension', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let directory: TenantDirectory;
  let superuser: pg.Client;

  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    superuser = new pg.Client({ connectionString: database.url });
    await superuser.connect();
    directory = new TenantDirectory({ connection: database.url });
    await directory.install();
  });

  afterAll(async () => {
    await directory.close();
    await superuser.end();
    await database.stop();
  });

  const listeners = async () => {
    const { rows } = await superuser.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and application_name = 'tenancy directory, listening' and query ~ 'listen'`,
    );
    return rows.map(({ pid }) => pid);
  };
  const all = (apps: readonly Running[], slug: string) => Promise.all(apps.map((app) => app.status(slug)));
  const withApps = async (given: object, work: (apps: readonly Running[]) => Promise<void>) => {
    const apps = await Promise.all([1, 2, 3].map(() => Running.start({ connection: database.url, ...given })));
    try {
      await expect.poll(listeners, { timeout: 60_000 }).toHaveLength(3);
      await work(apps);
    } finally {
      expect(await Promise.all(apps.map((app) => app.end()))).toEqual([0, 0, 0]);
    }
  };

  it('holds in every process within a second, and so does its end', async () => {
    const { id } = await directory.create({ slug: 'acme' });
    await directory.create({ slug: 'globex' });
    await withApps({ ttl: LONG }, async (apps) => {
      for (const [change, now] of [
        ['suspend', 403],
        ['resume', 200],
        ['suspend', 403],
      ] as const) {
        expect(await all(apps, 'acme')).toEqual(now === 403 ? [200, 200, 200] : [403, 403, 403]);
        const begun = performance.now();
        await directory[change](id);
        await expect.poll(() => all(apps, 'acme'), { interval: 5 }).toEqual([now, now, now]);
        expect(performance.now() - begun).toBeLessThan(1_000);
        expect(await all(apps, 'globex')).toEqual([200, 200, 200]);
      }
    });
  });

  it('holds within the ttl where the listening connections are ended again and again, and at once afterwards', async () => {
    const { id } = await directory.create({ slug: 'cut' });
    await withApps({ ttl: 1_500 }, async (apps) => {
      let isEnding = true;
      const ending = (async () => {
        while (isEnding) {
          await superuser.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenancy directory, listening' and datname = current_database()`,
          );
          await sleep(20);
        }
      })();
      expect(await all(apps, 'cut')).toEqual([200, 200, 200]);
      const begun = performance.now();
      await directory.suspend(id);
      await expect.poll(() => all(apps, 'cut'), { interval: 20, timeout: 30_000 }).toEqual([403, 403, 403]);
      expect(performance.now() - begun).toBeLessThan(3_000);
      isEnding = false;
      await ending;
      await expect.poll(listeners, { timeout: 60_000 }).toHaveLength(3);
    });
  });

  it('holds where the network swallows what the database says, once that is noticed or the ttl is over', async () => {
    const { id } = await directory.create({ slug: 'swallowed' });
    const line = await CutLine.to(database.url);
    try {
      await withApps({ ttl: LONG, listen: line.url }, async (apps) => {
        expect(await all(apps, 'swallowed')).toEqual([200, 200, 200]);
        line.isCut = true;
        await directory.suspend(id);
        expect(await all(apps, 'swallowed')).toEqual([200, 200, 200]);
        // Noticed by looking, long before the ttl.
        await expect.poll(() => all(apps, 'swallowed'), { timeout: 60_000 }).toEqual([403, 403, 403]);
        line.isCut = false;
        await directory.resume(id);
        await expect.poll(() => all(apps, 'swallowed'), { timeout: 60_000 }).toEqual([200, 200, 200]);
        await expect.poll(listeners, { timeout: 60_000 }).not.toHaveLength(0);
        await sleep(6_000);
        const begun = performance.now();
        await directory.suspend(id);
        await expect.poll(() => all(apps, 'swallowed'), { interval: 5 }).toEqual([403, 403, 403]);
        expect(performance.now() - begun).toBeLessThan(1_000);
      });
    } finally {
      await line.stop();
    }
  });

  it('is heard past messages that name no tenant', async () => {
    const heard: (string | undefined)[] = [];
    const stop = directory.watch((id) => {
      heard.push(id);
      throw new Error('whoever was told');
    });
    await expect.poll(() => heard).toEqual([undefined]);
    await superuser.query(
      `select pg_notify('tenancy_tenants', ''), pg_notify('tenancy_tenants', repeat('x', 7000)), pg_notify('other', 'a')`,
    );
    const { id } = await directory.create({ slug: 'heard' });
    await expect.poll(() => heard.at(-1)).toBe(id);
    expect(heard.slice(0, 3)).toEqual([undefined, undefined, 'x'.repeat(7000)]);
    await stop();
    await expect.poll(listeners).toEqual([]);
  });
});
