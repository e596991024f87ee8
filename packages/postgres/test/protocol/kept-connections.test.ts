import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { checkedOut } from '../pool/checked-out.js';
import { areOwn, interleaved } from '../pool/interleaved.js';

/** Statements of which nobody knows what they leave. */
const UNKNOWN = [
  'call work()',
  'explain select * from job',
  "explain analyze insert into job (id, title) values (50, 'never') on conflict do nothing",
  'do $$ begin perform 1; end $$',
  "set timezone = 'Asia/Tokyo'",
  'prepare mine as select 1',
  'declare held cursor with hold for select * from job',
  'select pg_advisory_lock(5)',
  "select set_config('my.user', 'ann', false)",
] as const;

describe('F9: statements that may leave something', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    await database.outside.query(`
      create procedure work() language plpgsql as $$ begin
        perform set_config('my.user', 'ann', false);
        update job set title = title;
      end $$;
      create procedure commits() language plpgsql as $$ begin
        update job set title = 'half' where id = 1;
        commit;
      end $$;
    `);
    pool = database.pool({ max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
  });

  it.each(UNKNOWN)('keep their connection: %s', async (text) => {
    let connected = 0;
    pool.on('connect', () => {
      connected += 1;
    });
    for (const tenant of [acme, acme, globex, acme]) {
      await database.context.run(tenant, async () => {
        await pool.query(text);
        const { rows } = await pool.query(`
          select nullif(current_setting('my.user', true), '') as user, current_setting('timezone') as zone,
            (select count(*)::int from pg_prepared_statements where from_sql) as prepared,
            (select count(*)::int from pg_cursors where is_holdable) as cursors,
            (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`);
        expect(rows).toEqual([
          { user: null, zone: expect.not.stringContaining('Tokyo'), prepared: 0, cursors: 0, locks: 0 },
        ]);
        expect(areOwn(tenant, (await pool.query('select * from job where id <= 10')).rows)).toBe(true);
      });
    }
    expect(connected).toBe(0);
    pool.removeAllListeners('connect');
  });

  it('give a lock back at once, and not when the next tenant comes', async () => {
    await database.context.run(acme, () => pool.query('select pg_advisory_lock(99)'));
    // Waits for what happens: on a connection of its own, and there is none to come for the other one.
    await database.outside.query("set statement_timeout = '20s'");
    expect((await database.outside.query('select pg_advisory_lock(99) is not null as locked')).rows).toHaveLength(1);
    await database.outside.query('select pg_advisory_unlock_all()');
  });

  it.each(['call commits()', 'do $$ begin commit; end $$', 'do $$ begin rollback; end $$'])(
    'are refused, and change nothing, where they end the transaction that binds them: %s',
    async (text) => {
      await expect(database.context.run(acme, () => pool.query(text))).rejects.toMatchObject({
        code: 'statement_refused',
        message: expect.stringMatching(/commits or rolls back/),
        cause: expect.objectContaining({ code: '2D000' }),
      });
      const { rows } = await database.context.run(acme, () => pool.query("select * from job where title = 'half'"));
      expect(rows).toEqual([]);
      await checkedOut(database.context, pool, acme, async (client) => {
        await client.query('begin');
        // As PostgreSQL has it: this transaction is the application's own.
        await expect(client.query(text)).rejects.toMatchObject({ code: '2D000' });
        await client.query('rollback');
      });
    },
  );

  it.each(['vacuum job', 'discard all', "alter type mood add value 'x'", 'reindex table concurrently job'])(
    'are refused with the reason where they must not run in a transaction: %s',
    async (text) => {
      const outcome = await database.context.run(acme, () => pool.query(text)).catch((error: unknown) => error);
      // What the role may not do, PostgreSQL may say first.
      expect(['statement_refused', '42501', '42704']).toContain((outcome as { code: string }).code);
      await checkedOut(database.context, pool, acme, async (client) => {
        await client.query('begin');
        await expect(client.query('discard all')).rejects.toMatchObject({ code: '25001' });
        await client.query('rollback');
      });
    },
  );

  it('twin: three tenants that leave something at every turn, and no connection more', async () => {
    const many = database.pool({ max: 3 });
    await many.verify();
    let connected = 0;
    many.on('connect', () => {
      connected += 1;
    });
    let wrong = 0;
    const cheap = UNKNOWN.filter((text) => !text.includes('lock'));
    await interleaved(database, { callers: 12, rounds: 12 }, async (tenant, round, caller) => {
      await many.query(cheap[(round + caller) % cheap.length] as string);
      if (!areOwn(tenant, (await many.query('select * from job where id <= 10')).rows)) wrong += 1;
    });
    expect(wrong).toBe(0);
    expect(connected).toBeLessThanOrEqual(2);
  });
});
