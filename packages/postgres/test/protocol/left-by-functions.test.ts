import type { Tenant } from '@tenancy/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, initech, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { checkedOut } from '../pool/checked-out.js';
import { areOwn, interleaved } from '../pool/interleaved.js';

const ALL = 'select * from job order by id';

/** Ways for a function to leave something on the session, each with a question that a clean session answers in another way. */
const LEFT = [
  [
    "a setting of the application's",
    `set_config('app.user_id', 'alice', false)`,
    `nullif(current_setting('app.user_id', true), '')`,
  ],
  ["a setting of PostgreSQL's", `execute 'set statement_timeout = 4321'`, `current_setting('statement_timeout')`],
  ['a reported setting', `execute 'set timezone = ''Asia/Tokyo'''`, `current_setting('timezone')`],
  ['an encoding', `execute 'set client_encoding = ''LATIN1'''`, `current_setting('client_encoding')`],
  ['a search path', `execute 'set search_path = pg_catalog'`, `current_setting('search_path')`],
  [
    'read-only transactions',
    `execute 'set session characteristics as transaction read only'`,
    `current_setting('transaction_read_only')`,
  ],
  ['a role', `execute 'set role ' || quote_ident(session_user || '_other')`, 'current_user = session_user'],
  [
    'an advisory lock',
    'perform pg_advisory_lock(77)',
    `(select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid())`,
  ],
  [
    'a shared advisory lock',
    'perform pg_advisory_lock_shared(7, 7)',
    `(select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid())`,
  ],
  ['LISTEN', `execute 'listen news'`, '(select count(*) from pg_listening_channels())'],
  ['PREPARE', `execute 'prepare mine as select 1'`, `(select count(*) from pg_prepared_statements where from_sql)`],
  [
    'a held cursor',
    `execute 'declare held cursor with hold for select title from job'`,
    `(select count(*) from pg_cursors where is_holdable)`,
  ],
  ['the last value of any sequence', `perform nextval('numbers')`, 'lastval()'],
  ['the last value of a sequence', `perform nextval('numbers')`, `currval('numbers')`],
  [
    'a temporary table',
    `execute 'create temporary table job as select ''t_globex''::text as tenant_id, 666 as id'`,
    `(select count(*) from pg_class where relpersistence = 't')`,
  ],
] as const;

describe('F1: what a function or a trigger leaves on the session', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    const { username } = new URL(database.url);
    await database.outside.query(`
      create role ${username}_other;
      grant ${username}_other to ${username};
      create sequence numbers cache 10;
      grant usage on sequence numbers to public;
    `);
    for (const [index, [, leave]] of LEFT.entries()) {
      const definer = leave.includes('temporary') ? 'security definer' : '';
      const body = leave.startsWith('set_config') ? `perform ${leave}` : leave;
      await database.outside.query(
        `create function leave_${index}() returns int language plpgsql ${definer} as $$ begin ${body}; return 1; end $$`,
      );
    }
    await database.outside.query(`
      create function seed() returns int language plpgsql as $$ begin perform setseed(0.5); return 1; end $$;
      create function leave_own() returns int language plpgsql as $$ begin
        perform set_config('app.user_id', current_setting('app.tenant_id'), false);
        execute 'declare held cursor with hold for select tenant_id from job';
        return 1;
      end $$;
      create function leaves() returns trigger language plpgsql as
        $$ begin perform set_config('app.user_id', 'alice', false); return new; end $$;
      create trigger leaves before update on job for each row execute function leaves();
    `);
    pool = database.pool({ max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
  });
  afterAll(async () => {
    await database.outside.query(`drop role ${new URL(database.url).username}_other`);
  });

  const asked = (from: TenantPool, question: string): Promise<unknown> =>
    from.query(`select ${question} as answer`).then(
      ({ rows }) => rows[0].answer,
      ({ code }) => code,
    );

  const pid = async () =>
    (await database.context.run(globex, () => pool.query('select pg_backend_pid() as pid'))).rows[0].pid;

  it.each(LEFT.map(([what, , question], index) => [what, index, question] as const))(
    '%s does not reach the next tenant, and the connection is kept',
    async (_, index, question) => {
      const untouched = database.pool({ max: 1 });
      const usual = await database.context.run(globex, () => asked(untouched, question));
      for (const hidden of [false, true]) {
        const before = await pid();
        const call = `select leave_${index}()`;
        // A text that only the server can read is nothing to go by.
        await database.context.run(acme, () =>
          pool.query(hidden ? `select query_to_xml('${call}', true, true, '')` : call).catch(() => {}),
        );
        expect(pool.totalCount).toBe(1);
        if (hidden) expect(await pid()).toBe(before);
        expect(await database.context.run(globex, () => asked(pool, question))).toEqual(usual);
        expect(areOwn(globex, (await database.context.run(globex, () => pool.query(ALL))).rows)).toBe(true);
      }
      await untouched.end();
    },
  );

  it('by a trigger', async () => {
    await database.context.run(acme, () => pool.query('update job set title = title where id = 1'));
    const answer = await database.context.run(globex, () =>
      asked(pool, "nullif(current_setting('app.user_id', true), '')"),
    );
    expect(answer).toBeNull();
  });

  it('is there for as long as the tenant holds the connection, in a transaction and out of it', async () => {
    await checkedOut(database.context, pool, acme, async (client) => {
      await client.query('select leave_0()');
      await client.query('begin isolation level serializable');
      expect((await client.query("select current_setting('app.user_id') as user")).rows).toEqual([{ user: 'alice' }]);
      await client.query('commit');
      await client.query('select leave_7()');
      expect((await client.query('select pg_advisory_unlock(77) as held')).rows).toEqual([{ held: true }]);
    });
  });

  it('does not reach a tenant whose first statement begins a transaction', async () => {
    await database.context.run(acme, () => pool.query('select leave_7(), leave_0()'));
    await checkedOut(database.context, pool, globex, async (client) => {
      await client.query('begin isolation level serializable');
      const { rows } = await client.query(
        `select nullif(current_setting('app.user_id', true), '') as user, current_setting('transaction_isolation') as level,
           (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`,
      );
      expect(rows).toEqual([{ user: null, level: 'serializable', locks: 0 }]);
      expect(areOwn(globex, (await client.query(ALL)).rows)).toBe(true);
      await client.query('commit');
    });
  });

  it('does not reach a tenant whose first statement fails, nor the one after it', async () => {
    await database.context.run(acme, () => pool.query('select leave_0()'));
    await expect(database.context.run(globex, () => pool.query('select 1 / 0'))).rejects.toMatchObject({
      code: '22012',
    });
    const question = "nullif(current_setting('app.user_id', true), '')";
    expect(await database.context.run(globex, () => asked(pool, question))).toBeNull();
  });

  it('reaches nobody without a tenant', async () => {
    await database.context.run(acme, () => pool.query('select leave_1()'));
    expect((await pool.query('SELECT 1')).rows).toHaveLength(1);
    expect(await database.context.run(globex, () => asked(pool, "current_setting('statement_timeout')"))).toBe('0');
  });

  it("a statement of the application's that a function replaced is the application's again", async () => {
    await database.outside.query(`
      create function replace_statement() returns int language plpgsql as $$ begin
        deallocate mine;
        execute 'prepare mine as select ''forged'' as title';
        return 1;
      end $$;
    `);
    const mine = { name: 'mine', text: 'select tenant_id from job limit 1' };
    for (const tenant of [acme, globex, initech]) {
      await database.context.run(tenant, async () => {
        expect((await pool.query(mine)).rows).toEqual([{ tenant_id: tenant.id }]);
        await pool.query('select replace_statement()');
      });
    }
  });

  it("a seed does not make the next tenant's random numbers known", async () => {
    const outside = await database.outside.connect();
    await outside.query('select setseed(0.5)');
    const known = (await outside.query('select random() as number')).rows[0].number;
    outside.release();
    for (const seed of ['select seed()', "select query_to_xml('select seed()', true, true, '')"]) {
      await database.context.run(acme, () => pool.query(seed));
      expect(await database.context.run(globex, () => asked(pool, 'random()'))).not.toBe(known);
    }
  });

  it('twin: three tenants that leave something at every turn', async () => {
    const many = database.pool({ max: 4 });
    let opened = 0;
    many.on('connect', () => {
      opened += 1;
    });
    let wrong = 0;
    const turn = async (tenant: Tenant) => {
      const client = await many.connect();
      const { rows } = await client.query(`select nullif(current_setting('app.user_id', true), '') as user`);
      const { user } = rows[0];
      if (user !== null && user !== tenant.id) wrong += 1;
      const held = await client.query('fetch 1 from held').then(
        // Read to its end, where a tenant followed itself often enough.
        (found) => found.rows[0]?.tenant_id ?? '34000',
        ({ code }) => code,
      );
      if (held !== tenant.id && held !== '34000') wrong += 1;
      if (!areOwn(tenant, (await client.query(ALL)).rows)) wrong += 1;
      await client.query('select leave_own()').catch(() => {});
      client.release();
      return user;
    };
    await interleaved(database, { callers: 12, rounds: 12 }, turn);
    // Nothing is undone where a tenant follows itself, or nothing was proven: of connections that nobody uses, the last one is used
    // again, unless it was closed (see below).
    const users = await database.context.run(globex, async () => {
      const seen: unknown[] = [];
      for (let n = 0; n < 10; n += 1) seen.push(await turn(globex));
      return seen;
    });
    expect(users).toContain(globex.id);
    expect(wrong).toBe(0);
    // They are kept. One may be closed: an error is told before the server is ready again, and who then gives a connection back gives it back too early.
    expect(opened).toBeLessThan(20);
  });
});
