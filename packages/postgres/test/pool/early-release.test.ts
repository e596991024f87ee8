import type { PoolClient } from 'pg';
import Cursor from 'pg-cursor';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from './interleaved.js';

const ALL = 'select * from job order by id';

describe('C7: a connection given back before its end', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
  });

  /** Whoever waits for the pool's only connection gets rows of its own, and the connection before is gone. */
  const closedAfter = async (work: (client: PoolClient) => unknown) => {
    const client = await database.context.run(acme, () => pool.connect());
    client.on('error', () => {});
    const { pid } = (await client.query('select pg_backend_pid() as pid')).rows[0];
    const next = database.context.run(globex, () => pool.query('select *, pg_backend_pid() as pid from job'));
    const outcome = work(client);
    await outcome;
    const { rows } = await next;
    expect(areOwn(globex, rows)).toBe(true);
    expect(rows[0].pid).not.toBe(pid);
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
  };

  it('while a query runs: the query gets an error', () =>
    closedAfter(async (client) => {
      const running = client.query('select * from job, pg_sleep(0.2)');
      client.release();
      await expect(running).rejects.toThrow('Connection terminated');
    }));

  it('while queries wait behind it: none of them is sent for the next tenant', () =>
    closedAfter(async (client) => {
      const running = Promise.allSettled([client.query(ALL), client.query(ALL), client.query(ALL)]);
      client.release();
      for (const { status } of await running) expect(status).toBe('rejected');
    }));

  it('in the callback of a query that others wait behind: they are not sent for the next tenant', () =>
    closedAfter(
      (client) =>
        new Promise<void>((resolve, reject) => {
          client.query('select 1', () => client.release());
          client.query(ALL, (error, result) =>
            error ? resolve() : reject(new Error(`got ${result.rows.length} rows of ${result.rows[0]?.tenant_id}`)),
          );
        }),
    ));

  it('behind a query that pg refuses to send: what waits is not sent for the next tenant', () =>
    closedAfter(async (client) => {
      const refused = client.query('select $1', 'not an array' as never);
      const waiting = client.query(ALL);
      client.release();
      await expect(refused).rejects.toThrow('must be an array');
      await expect(waiting).rejects.toThrow('Connection terminated');
    }));

  it('inside an open transaction: it is rolled back', async () => {
    await closedAfter(async (client) => {
      await client.query('begin');
      await client.query("update job set title = 'never committed'");
      client.release();
    });
    const { rows } = await database.context.run(acme, () => pool.query(ALL));
    expect(rows[0].title).toBe('acme job 1');
  });

  it('inside a transaction that failed', () =>
    closedAfter(async (client) => {
      await client.query('begin');
      await client.query('select 1 / 0').catch(() => {});
      client.release();
    }));

  it('with a cursor open', () =>
    closedAfter(async (client) => {
      await client.query(new Cursor(ALL)).read(2);
      client.release();
    }));

  it('after a query_timeout, while the server still works on it', () =>
    closedAfter(async (client) => {
      await expect(
        client.query({ text: 'select * from job, pg_sleep(3)', query_timeout: 30 } as never),
      ).rejects.toThrow('Query read timeout');
      client.release();
    }));

  it('with the option `rows` and an error, after which pg never asks for the end of the reply', () =>
    closedAfter(async (client) => {
      await expect(client.query({ text: 'select 1 / (id - 5) from job', rows: 2 } as never)).rejects.toMatchObject({
        code: '22012',
      });
      client.release();
    }));

  it("with an error of the caller's own, as in pg", () =>
    closedAfter(async (client) => {
      client.release(new Error('mine'));
    }));

  it('not after a query_timeout of pool.query: the connection is closed, and the next one is its own', async () => {
    const brief = database.pool({ max: 1 });
    const slow = { text: 'select * from job, pg_sleep(3)', query_timeout: 300 };
    await expect(database.context.run(acme, () => brief.query(slow))).rejects.toThrow('Query read timeout');
    const { rows } = await database.context.run(globex, () => brief.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
  });

  it('twin: every way of leaving too early, by three tenants at once', async () => {
    const many = database.pool({ max: 4, idleTimeoutMillis: 0 });
    let wrong = 0;
    await interleaved(database, { callers: 12, rounds: 6 }, async (tenant, round, caller) => {
      const client = await many.connect();
      client.on('error', () => {});
      const check = ({ rows }: { readonly rows: unknown[] }) => {
        if (!areOwn(tenant, rows)) wrong += 1;
      };
      if (!areOwn(tenant, (await client.query(ALL)).rows)) wrong += 1;
      const way = (round + caller) % 6;
      if (way === 0) client.query(ALL).then(check, () => {});
      if (way === 1) await client.query('begin');
      if (way === 2) await client.query(new Cursor(ALL)).read(1);
      if (way === 3) {
        client.query('select 1', () => client.release());
        client.query(ALL).then(check, () => {});
        return;
      }
      if (way === 4) {
        client.query('select $1', 'no' as never).catch(() => {});
        client.query(ALL).then(check, () => {});
      }
      client.release();
    });
    expect(wrong).toBe(0);
    const clients = await Promise.all([0, 1, 2, 3].map(() => database.context.run(acme, () => many.connect())));
    expect(many.totalCount).toBe(4);
    for (const client of clients) client.release();
  });
});
