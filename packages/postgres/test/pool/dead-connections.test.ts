import { Logger } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import type { PoolClient } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AdminPool } from '../../src/admin.js';
import {
  createTenantPool,
  databasePerTenant,
  type Isolation,
  isolationByTenant,
  rowLevelSecurity,
  type TenantPool,
} from '../../src/index.js';
import { acme, type FloorDatabase, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from './interleaved.js';
import { openWireProxy, typeOf } from './wire-proxy.js';

/** A test here fails by an exception that nobody caught, too: the runner counts them. */
describe('F8: a connection that dies while nobody listens', () => {
  const context = new TenantContext();
  const database = forAllTests(openFloorDatabase);
  const pools: TenantPool[] = [];
  beforeEach(() => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  });
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    vi.restoreAllMocks();
  });

  const shared = () => rowLevelSecurity({ shared: ['country'] });
  const dedicated = () => databasePerTenant({ connection: () => database.url });
  const strategies: Readonly<Record<string, () => Isolation>> = {
    rowLevelSecurity: shared,
    databasePerTenant: dedicated,
    isolationByTenant: () => {
      const own = dedicated();
      return isolationByTenant(shared(), () => own);
    },
  };
  /** As the README has it: no listener. */
  const open = (isolation: () => Isolation, options: object = {}) => {
    const pool = createTenantPool({ connectionString: database.url, context, isolation: isolation(), ...options });
    pools.push(pool);
    return pool;
  };
  const rows = async (pool: TenantPool) => (await context.run(acme, () => pool.query('select * from job'))).rowCount;
  const killAll = () =>
    database.outside.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [
      new URL(database.url).username,
    ]);
  const closed = async (pool: TenantPool) => {
    while (pool.totalCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  describe.each(Object.entries(strategies))('%s', (_, isolation) => {
    it('in the pool: it is said in the log, and the next query gets another', async () => {
      const pool = open(isolation);
      expect(await rows(pool)).toBe(10);
      await killAll();
      await closed(pool);
      expect(Logger.prototype.warn).toHaveBeenCalledWith(
        expect.stringMatching(/an idle connection was closed: terminating/),
      );
      expect(await rows(pool)).toBe(10);
    });

    it('in the pool: whoever does listen hears of it, and the log says nothing', async () => {
      const pool = open(isolation);
      const heard: string[] = [];
      pool.on('error', (error) => heard.push((error as Error & { code: string }).code));
      expect(await rows(pool)).toBe(10);
      await killAll();
      await closed(pool);
      expect([...new Set(heard)]).toEqual(['57P01']);
      expect(Logger.prototype.warn).not.toHaveBeenCalled();
    });

    it('between two queries of its holder: the second fails, and the pool goes on', async () => {
      const pool = open(isolation);
      const client = await context.run(acme, () => pool.connect());
      await client.query('begin');
      const ended = new Promise((resolve) => client.once('end', () => resolve(undefined)));
      await killAll();
      await ended;
      await expect(client.query('select 1')).rejects.toThrow();
      client.release();
      expect(await rows(pool)).toBe(10);
    });

    it('in the same breath as its last answer, when somebody waits for it', async () => {
      const proxy = await openWireProxy(database.url);
      const way = () => (isolation === shared ? shared() : databasePerTenant({ connection: () => proxy.url }));
      const pool = open(way, { connectionString: proxy.url, max: 1 });
      expect(await rows(pool)).toBe(10);
      const first = await context.run(acme, () => pool.connect());
      const next = context.run(acme, () => pool.connect());
      let died = false;
      proxy.reply = (message, wire) => {
        if (typeOf(message) !== 'Z' || died) return [message];
        died = true;
        setImmediate(() => wire.cut());
        return [Buffer.concat([message, FATAL])];
      };
      // Given back before the rest of the same packet is read.
      await new Promise<void>((resolve) => {
        first.query('select 1', () => {
          first.release();
          resolve();
        });
      });
      const client: PoolClient = await next;
      await expect(client.query('select 1')).rejects.toThrow();
      client.release();
      expect(await rows(pool)).toBe(10);
      await pools.pop()?.end();
      await proxy.stop();
    });
  });

  it('while the start-up checks run: they fail, and the next query looks again', async () => {
    const proxy = await openWireProxy(database.url);
    const pool = open(shared, { connectionString: proxy.url });
    proxy.reply = (message, wire) => {
      if (typeOf(message) !== 'Z') return [message];
      proxy.reply = undefined;
      setImmediate(() => wire.cut());
      return [Buffer.concat([message, FATAL])];
    };
    await expect(pool.verify()).rejects.toThrow();
    expect(await rows(pool)).toBe(10);
    await pools.pop()?.end();
    await proxy.stop();
  });

  it('of the admin pool, between two queries of its holder', async () => {
    const admin = new AdminPool({ connectionString: database.url, audit: () => {} });
    await admin.acrossTenants({ reason: 'a test' }, async (pool) => {
      const client = await pool.connect();
      const ended = new Promise((resolve) => client.once('end', () => resolve(undefined)));
      await killAll();
      await ended;
      await expect(client.query('select 1')).rejects.toThrow();
      client.release();
      expect((await pool.query('select 1')).rowCount).toBe(1);
    });
    await admin.end();
  });

  it('twin: three tenants go on reading their own rows while connections die all the time', async () => {
    const pool = open(shared, { max: 3 });
    await pool.verify();
    let [right, wrong] = [0, 0];
    let killing = true;
    const killer = (async () => {
      while (killing) {
        await killAll();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await interleaved({ context: context as FloorDatabase['context'] }, { callers: 9, rounds: 60 }, async (tenant) => {
      const answer = await pool.query('select * from job').catch(() => undefined);
      if (!answer) return;
      if (areOwn(tenant, answer.rows)) right += 1;
      else wrong += 1;
    });
    killing = false;
    await killer;
    expect(wrong).toBe(0);
    expect(right).toBeGreaterThan(0);
  });
});

/** ErrorResponse: as a server says that it is going away. */
const FATAL = (() => {
  const fields = ['SFATAL', 'VFATAL', 'C57P01', 'Mterminating connection due to administrator command', ''].join('\0');
  const body = Buffer.from(`${fields}\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
})();
