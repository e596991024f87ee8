import type { PoolClient } from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { checkedOut } from './checked-out.js';
import { areOwn, interleaved } from './interleaved.js';

const ALL = 'select * from job order by id';
type Job = { readonly tenant_id: string; readonly id: number };

describe('cursors and streams', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 2, idleTimeoutMillis: 0 });
    await pool.verify();
  });

  const asAcme = async (work: (client: PoolClient) => Promise<void>) => {
    await checkedOut(database.context, pool, acme, async (client) => {
      await work(client);
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
    });
    expect(pool.idleCount).toBe(pool.totalCount);
    const { rows } = await database.context.run(globex, () => pool.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
  };

  it('a cursor is read to its end', () =>
    asAcme(async (client) => {
      const cursor = client.query(new Cursor<Job>(ALL));
      const rows = [...(await cursor.read(4)), ...(await cursor.read(4)), ...(await cursor.read(4))];
      expect(areOwn(acme, rows)).toBe(true);
      expect(await cursor.read(4)).toEqual([]);
      await cursor.close();
    }));

  it('a cursor is closed early, with values, in a transaction and outside one', () =>
    asAcme(async (client) => {
      for (const [before, after] of [
        ['select 1', 'select 1'],
        ['begin', 'commit'],
      ] as const) {
        await client.query(before);
        const cursor = client.query(new Cursor<Job>('select * from job where id > $1', [5]));
        expect(areOwn(acme, await cursor.read(2), 2)).toBe(true);
        await cursor.close();
        expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
        await client.query(after);
      }
    }));

  it('a cursor that is not read, or returns nothing, or is of empty text', () =>
    asAcme(async (client) => {
      await client.query(new Cursor(ALL)).close();
      const updating = client.query(new Cursor('update job set title = title'));
      expect(await updating.read(5)).toEqual([]);
      await updating.close();
      const empty = client.query(new Cursor(''));
      expect(await empty.read(5)).toEqual([]);
    }));

  it('a cursor whose query fails, at once and midway', () =>
    asAcme(async (client) => {
      const wrong = client.query(new Cursor('select * from nowhere'));
      await expect(wrong.read(1)).rejects.toMatchObject({ code: '42P01' });
      const midway = client.query(
        new Cursor('select 1 / (5 - id) from (select id from job order by id limit 10) as sorted'),
      );
      expect(await midway.read(4)).toHaveLength(4);
      await expect(midway.read(4)).rejects.toMatchObject({ code: '22012' });
      await expect(midway.read(4)).rejects.toMatchObject({ code: '22012' });
    }));

  it('a stream: for await, an early break, and an error midway', () =>
    asAcme(async (client) => {
      const rows: unknown[] = [];
      for await (const row of client.query(new QueryStream(ALL, [], { batchSize: 3 }))) rows.push(row);
      expect(areOwn(acme, rows)).toBe(true);
      for await (const row of client.query(new QueryStream(ALL, [], { batchSize: 3 }))) {
        expect(row).toMatchObject({ tenant_id: acme.id, id: 1 });
        break;
      }
      const failing = async () => {
        const text = 'select 1 / (5 - id) from job order by id';
        for await (const row of client.query(new QueryStream(text, [], { batchSize: 2 }))) expect(row).toBeTruthy();
      };
      await expect(failing()).rejects.toMatchObject({ code: '22012' });
    }));

  it('what a cursor may not do is refused, and told to its reader', () =>
    asAcme(async (client) => {
      for (const text of ['copy job to stdout', 'truncate job']) {
        const cursor = client.query(new Cursor(text));
        await expect(cursor.read(1)).rejects.toMatchObject({ code: 'statement_refused' });
        const streaming = async () => {
          for await (const row of client.query(new QueryStream(text))) expect(row).toBe('never');
        };
        await expect(streaming()).rejects.toMatchObject({ code: 'statement_refused' });
      }
    }));

  it('C7: released with a cursor open, the connection is closed, and the cursor gives nothing more', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    const cursor = client.query(new Cursor<Job>(ALL));
    expect(await cursor.read(2)).toHaveLength(2);
    const before = pool.totalCount;
    client.release();
    expect(pool.totalCount).toBe(before - 1);
    const answer = Promise.race([
      cursor.read(2).catch(() => 'nothing'),
      new Promise((resolve) => setTimeout(resolve, 300, 'nothing')),
    ]);
    const { rows } = await database.context.run(globex, () => pool.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
    expect(await answer).toBe('nothing');
  });

  it('a cursor and a stream that one tenant opened give another nothing, and are read on by their own', () =>
    asAcme(async (client) => {
      const asGlobex = <R>(work: () => R) => database.context.run(globex, work);
      const cursor = client.query(new Cursor<Job>(ALL));
      await expect(asGlobex(() => cursor.read(2))).rejects.toMatchObject({ code: 'tenant_switch_refused' });
      expect(areOwn(acme, await cursor.read(2), 2)).toBe(true);
      const answer = await new Promise((resolve) => asGlobex(() => cursor.read(2, (...given) => resolve(given))));
      expect(answer).toEqual([expect.objectContaining({ code: 'tenant_switch_refused' }), []]);
      expect((await cursor.read(2)).map(({ id }) => id)).toEqual([3, 4]);
      await cursor.close();
      const stream = client.query(new QueryStream(ALL, [], { batchSize: 2 }));
      const seen: unknown[] = [];
      const streaming = asGlobex(async () => {
        for await (const row of stream) seen.push(row);
      });
      await expect(streaming).rejects.toMatchObject({ code: 'tenant_switch_refused' });
      expect(seen).toEqual([]);
    }));

  it("C7: a cursor kept after its end gives nothing of the next tenant's", async () => {
    const own = database.pool({ max: 1 });
    const client = await database.context.run(acme, () => own.connect());
    const cursor = client.query(new Cursor<Job>(ALL));
    await cursor.read(2);
    await cursor.close();
    client.release();
    const next = await database.context.run(globex, () => own.connect());
    const running = next.query('select * from job, pg_sleep(0.05) order by id');
    expect(await cursor.read(5)).toEqual([]);
    await cursor.close();
    expect(areOwn(globex, (await running).rows)).toBe(true);
    next.release();
  });

  it("C6: a cursor that failed does not call back in the next tenant's time", async () => {
    const own = database.pool({ max: 1 });
    const client = await database.context.run(acme, () => own.connect());
    const cursor = client.query(new Cursor('select * from nowhere'));
    await cursor.read(1).catch(() => {});
    await client.query('select 1');
    const heard: unknown[] = [];
    cursor.close(() => heard.push(database.context.isActive() && database.context.tenantId));
    client.release();
    expect(own.totalCount).toBe(0);
    await database.context.run(globex, () => own.query(ALL));
    expect(heard).toEqual([]);
  });

  it("C7: a cursor that fails, and then times out in the next tenant's time, asks for no reply of its own", async () => {
    const own = database.pool({ max: 1 });
    const client = await database.context.run(acme, () => own.connect());
    await client
      .query(Object.assign(new Cursor('select * from nowhere'), { query_timeout: 700 }))
      .read(1)
      .catch(() => {});
    await client.query('select 1');
    client.release();
    const next = await database.context.run(globex, () => own.connect());
    let wrong = 0;
    // pg's timer runs out while these are sent.
    const until = performance.now() + 1_400;
    while (performance.now() < until) {
      const [one, two] = await Promise.all([
        next.query(ALL),
        next.query({ text: 'select id from job where id = $1', values: [3] }),
      ]);
      if (!areOwn(globex, one.rows) || two.rows[0]?.id !== 3) wrong += 1;
    }
    next.release();
    expect(wrong).toBe(0);
  });

  it('twin: cursors and streams of three tenants at once, half of them left early', async () => {
    let wrong = 0;
    await interleaved(database, { callers: 18, rounds: 10 }, async (tenant, round) => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor<Job>(ALL));
      const rows = await cursor.read(round % 2 === 0 ? 100 : 5);
      if (!areOwn(tenant, rows, round % 2 === 0 ? 10 : 5)) wrong += 1;
      await cursor.close();
      for await (const row of client.query(new QueryStream(ALL, [], { batchSize: 2 }))) {
        if ((row as Job).tenant_id !== tenant.id) wrong += 1;
        if (round % 3 === 0) break;
      }
      client.release();
    });
    expect(wrong).toBe(0);
  });
});
