import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from '../pool/interleaved.js';

const ALL = 'select * from job order by id';

/** Ways for a tenant to leave something, each with a question whose answer is empty when nothing was left. */
const LEFT = [
  ["set timezone = 'Asia/Tokyo'", "select 1 where current_setting('timezone') = 'Asia/Tokyo'"],
  [
    "select set_config('search_path', 'pg_catalog', false)",
    "select 1 where current_setting('search_path') = 'pg_catalog'",
  ],
  ["select zone('Asia/Tokyo')", "select 1 where current_setting('timezone') = 'Asia/Tokyo'"],
  ["select set_config('my.user', 'ann', false)", "select 1 where current_setting('my.user', true) = 'ann'"],
  [
    'set session characteristics as transaction read only',
    "select 1 where current_setting('transaction_read_only') = 'on'",
  ],
  ["create temp table job as select 't_globex' as tenant_id, 666 as id", 'select 1 from job where id = 666'],
  ["select 't_globex' as tenant_id, 666 as id into temp job", 'select 1 from job where id = 666'],
  ['with x as (select 666 as id) select * into temporary job from x', 'select 1 from job where id = 666'],
  ['explain analyze create temp table job as select 666 as id', 'select 1 from job where id = 666'],
  ["prepare mine as select 'of acme'", "select 1 from pg_prepared_statements where name = 'mine'"],
  ['select pg_advisory_lock(77)', "select 1 from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"],
  [
    'select pg_try_advisory_lock_shared(7, 7)',
    "select 1 from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
  ],
  ['declare c cursor with hold for select * from job', "select 1 from pg_cursors where name = 'c'"],
  ["do $$ begin execute 'create temp table job as select 666 as id'; end $$", 'select 1 from job where id = 666'],
] as const;

describe('what one tenant leaves on the session', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    await database.outside.query(`
      create function zone(name text) returns text language sql volatile
        begin atomic select set_config('timezone', name, false); end;
    `);
    pool = database.pool({ max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
    // The doctor would not let a pool start like this.
    const { pathname, username } = new URL(database.url);
    await database.outside.query(`grant temporary on database ${pathname.slice(1)} to ${username}`);
  });

  it.each(LEFT)('%s', async (leave, look) => {
    await database.context.run(acme, () => pool.query(leave));
    expect(pool.totalCount).toBe(1);
    expect((await database.context.run(globex, () => pool.query(look))).rows).toEqual([]);
    const client = await database.context.run(acme, () => pool.connect());
    await client.query(leave);
    // It is there for as long as its own tenant holds the connection.
    expect((await client.query(look)).rows).toHaveLength(1);
    client.release();
    expect((await database.context.run(globex, () => pool.query(look))).rows).toEqual([]);
    expect(areOwn(globex, (await database.context.run(globex, () => pool.query(ALL))).rows)).toBe(true);
    expect(pool.totalCount).toBe(1);
  });

  it.each([
    ['begin', "set local timezone = 'Asia/Tokyo'", 'commit'],
    ['begin', "select set_config('timezone', 'Asia/Tokyo', true)", 'rollback'],
    ["select set_config('my.user', $$ann$$, true), set_config('my.role', lower('X'), true)"],
    ['select pg_advisory_xact_lock(77)'],
  ])('what ends with its transaction costs no connection: %s', async (...texts) => {
    const pid = async () =>
      (await database.context.run(globex, () => pool.query('select pg_backend_pid() as pid'))).rows[0].pid;
    const before = await pid();
    const client = await database.context.run(acme, () => pool.connect());
    for (const text of texts) await client.query(text);
    client.release();
    expect(await pid()).toBe(before);
  });

  it('twin: three tenants that leave something behind at every turn', async () => {
    const many = database.pool({ max: 3, checks: { 'temporary-tables': 'off' } });
    let wrong = 0;
    await interleaved(database, { callers: 9, rounds: 6 }, async (tenant, round, caller) => {
      const client = await many.connect();
      const [leave, look] = LEFT[(round + caller) % LEFT.length] as (typeof LEFT)[number];
      if ((await client.query(look)).rows.length > 0) wrong += 1;
      if (!areOwn(tenant, (await client.query(ALL)).rows)) wrong += 1;
      // A lock that a connection held which is just being closed may still be there.
      if (round % 2 === 0 && !leave.includes('advisory')) await client.query(leave);
      client.release();
    });
    expect(wrong).toBe(0);
  });
});
