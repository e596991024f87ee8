import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase, tenants } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from '../pool/interleaved.js';
import { openWireProxy, typeOf, type WireProxy } from '../pool/wire-proxy.js';

const ALL = 'select * from job order by id';
const SHORT = 'select tenant_id, id from job where id <= 2';
const MAX = 3;

describe('C7: a connection that is lost', () => {
  const database = forAllTests(openFloorDatabase);
  let proxy: WireProxy;
  let pool: TenantPool;
  beforeEach(async () => {
    proxy = await openWireProxy(database.url);
    pool = database.pool({ connectionString: proxy.url, max: MAX, idleTimeoutMillis: 0 });
    await pool.verify();
  });
  afterEach(async () => {
    proxy.reply = undefined;
    proxy.request = undefined;
    await pool.end();
    await proxy.stop();
  });

  /** All places of the pool can be taken at once, and each gives its holder its own rows. */
  const recovered = async () => {
    const clients = await Promise.all(
      Array.from({ length: MAX }, async (_, index) => {
        const tenant = tenants[index % tenants.length] ?? acme;
        const client = await database.context.run(tenant, () => pool.connect());
        expect(areOwn(tenant, (await client.query(ALL)).rows)).toBe(true);
        return client;
      }),
    );
    expect(pool.totalCount).toBe(MAX);
    for (const client of clients) client.release();
    expect(pool.idleCount).toBe(MAX);
  };

  it.each([
    ['a query of its own', false],
    ['a query in a transaction', true],
  ])(
    'after every number of bytes of the reply to %s: an error or the whole answer, and the next tenant is clean',
    async (_, inTransaction) => {
      const counts = { whole: 0, lost: 0, wrong: 0 };
      for (let limit = 0; counts.whole === 0; limit += 1) {
        const client = await database.context.run(acme, () => pool.connect());
        client.on('error', () => {});
        if (inTransaction) await client.query('begin');
        let left = limit;
        proxy.reply = (message, wire) => {
          if (left >= message.length) {
            left -= message.length;
            return [message];
          }
          wire.cut(message.subarray(0, left));
          left = 0;
          return [];
        };
        const answer = await client.query(SHORT).catch((error: unknown) => error as Error);
        proxy.reply = undefined;
        const end = await client.query('select 1').then(
          () => 'usable',
          () => 'lost',
        );
        if (answer instanceof Error) counts.lost += 1;
        else if (!areOwn(acme, answer.rows, 2)) counts.wrong += 1;
        if (end === 'usable') counts.whole += 1;
        client.release();
        const { rows } = await database.context.run(globex, () => pool.query(SHORT));
        if (!areOwn(globex, rows, 2)) counts.wrong += 1;
      }
      expect(counts).toEqual({ whole: 1, lost: expect.any(Number), wrong: 0 });
      // The binding's reply, two rows, and what is around them.
      expect(counts.lost).toBeGreaterThan(150);
      await recovered();
    },
  );

  it("before any of the messages of a query arrives, the binding's included: nothing is run", async () => {
    for (let number = 0; number < 8; number += 1) {
      const client = await database.context.run(acme, () => pool.connect());
      client.on('error', () => {});
      await client.query('select 1');
      let passed = 0;
      proxy.request = (message, wire) => {
        if (passed === number) wire.cut();
        passed += 1;
        return passed > number ? [] : [message];
      };
      const text = "insert into job (id, title) values ($1, 'cut')";
      await expect(client.query(text, [500 + number])).rejects.toThrow();
      proxy.request = undefined;
      client.release();
    }
    const { rows } = await database.outside.query("select id from job where title = 'cut'");
    expect(rows).toEqual([]);
    await recovered();
  });

  it('split into single bytes: every answer is whole', async () => {
    proxy.reply = (message) => Array.from(message, (_, index) => message.subarray(index, index + 1));
    let wrong = 0;
    await interleaved(database, { callers: 9, rounds: 3 }, async (tenant) => {
      if (!areOwn(tenant, (await pool.query(ALL)).rows)) wrong += 1;
    });
    expect(wrong).toBe(0);
  });

  it('terminated by the server: in a query, in a transaction, between two, and while idle', async () => {
    for (const during of ['select pg_sleep(5)', 'begin', 'select 1']) {
      const client = await database.context.run(acme, () => pool.connect());
      const failed = new Promise((resolve) => client.on('error', resolve));
      const { pid } = (await client.query('select pg_backend_pid() as pid')).rows[0];
      const running = client.query(during).catch((error: unknown) => error);
      if (!during.includes('sleep')) await running;
      await database.outside.query('select pg_terminate_backend($1)', [pid]);
      await failed;
      if (during.includes('sleep')) expect(await running).toBeInstanceOf(Error);
      await expect(client.query(ALL)).rejects.toThrow();
      client.release();
    }
    const { pid } = (await database.context.run(acme, () => pool.query('select pg_backend_pid() as pid'))).rows[0];
    const removed = new Promise((resolve) => pool.once('error', resolve));
    await database.outside.query('select pg_terminate_backend($1)', [pid]);
    await removed;
    await recovered();
  });

  it('half closed when a query is sent: told as pg tells it', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    const errors: Error[] = [];
    client.on('error', (error) => errors.push(error));
    await client.query('select 1');
    (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream.end();
    await expect(client.query(ALL)).rejects.toThrow('Connection terminated unexpectedly');
    client.release();
    expect(errors.map(({ message }) => message)).toEqual(['Connection terminated unexpectedly']);
    await recovered();
  });

  it('cancelled, or out of time on the server: an error, and the same client goes on', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    const { pid } = (await client.query('select pg_backend_pid() as pid')).rows[0];
    const running = client.query('select pg_sleep(20)');
    const cancelling = (async () => {
      for (let active = false; !active; ) {
        const { rows } = await database.outside.query(
          "select 1 from pg_stat_activity where pid = $1 and query like '%pg_sleep%' and state = 'active'",
          [pid],
        );
        active = rows.length > 0;
      }
      await database.outside.query('select pg_cancel_backend($1)', [pid]);
    })();
    await expect(running).rejects.toMatchObject({ code: '57014' });
    await cancelling;
    expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
    await client.query('begin');
    await client.query("set local statement_timeout = '50ms'");
    await expect(client.query('select pg_sleep(20)')).rejects.toMatchObject({ code: '57014' });
    await client.query('rollback');
    expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
    client.release();
    await recovered();
  });

  it('cancelled in the binding itself: the query is not run, and the next is bound', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    await client.query('select 1');
    await client.query('begin');
    await client.query('set local statement_timeout = 50');
    let held: Buffer[] = [];
    // The binding arrives; what follows it, and ends its time, does not for a while.
    proxy.request = (message) => {
      held.push(message);
      if (typeOf(message) !== 'S') return [];
      const all = held;
      held = [];
      return all;
    };
    await expect(client.query("insert into job (id, title) select 80, 'late' from pg_sleep(3)")).rejects.toMatchObject({
      code: '57014',
    });
    proxy.request = undefined;
    await client.query('rollback');
    expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
    client.release();
    await recovered();
  });

  it("twin: cut at random, while three tenants ask: nobody gets another's reply, and the pool recovers", async () => {
    let message = 0;
    proxy.reply = (bytes, wire) => {
      message += 1;
      if (message % 97 !== 0) return [bytes];
      wire.cut(bytes.subarray(0, message % bytes.length));
      return [];
    };
    const counts = { wrong: 0, lost: 0, whole: 0 };
    await interleaved(database, { callers: 15, rounds: 30 }, async (tenant, round) => {
      const client = await pool.connect().catch(() => undefined);
      if (!client) return;
      client.on('error', () => {});
      try {
        if (round % 3 === 0) await client.query('begin');
        const { rows } = await client.query(ALL);
        if (areOwn(tenant, rows)) counts.whole += 1;
        else counts.wrong += 1;
        if (round % 3 === 0) await client.query('commit');
      } catch {
        counts.lost += 1;
      } finally {
        client.release();
      }
    });
    proxy.reply = undefined;
    expect(counts.wrong).toBe(0);
    expect(Math.min(counts.lost, counts.whole)).toBeGreaterThan(10);
    await recovered();
  });
});
