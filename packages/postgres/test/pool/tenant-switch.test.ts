import type { ClientBase, PoolClient } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { checkedOut } from './checked-out.js';
import { areOwn, interleaved } from './interleaved.js';

const ALL = 'select * from job order by id';

describe('a connection belongs to the tenant that checked it out', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    await database.outside.query(`
      create function become(tenant text) returns text language sql volatile
        begin atomic select set_config('app.tenant_id', tenant, false); end;
    `);
    pool = database.pool({ max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
  });

  const asAcme = (work: (client: PoolClient) => Promise<void>) => checkedOut(database.context, pool, acme, work);
  const switched = expect.objectContaining({ code: 'tenant_switch_refused' });
  const released = expect.objectContaining({ code: 'connection_released' });

  it("and is refused in another tenant's context, in a transaction too", async () => {
    await asAcme(async (client) => {
      for (const before of ['select 1', 'begin']) {
        await client.query(before);
        await database.context.run(globex, async () => {
          await expect(client.query(ALL)).rejects.toEqual(switched);
          expect(await new Promise((resolve) => client.query(ALL, resolve))).toEqual(switched);
          await expect(client.query('commit')).rejects.toEqual(switched);
        });
      }
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      await client.query('rollback');
    });
  });

  it("and stays the tenant's where the context was lost", async () => {
    let client: PoolClient | undefined;
    await database.context.run(acme, async () => {
      client = await pool.connect();
    });
    expect(areOwn(acme, (await client?.query(ALL))?.rows ?? [])).toBe(true);
    client?.release();
  });

  it.each([
    "select set_config('app.tenant_id', 't_globex', true)",
    "SELECT Set_Config('APP.Tenant_Id', 't_globex', false)",
    `select u&"set\\005fconfig"('app.tenant_id', 't_globex', true)`,
    "do $$ begin perform set_config('app.tenant_id', 't_globex', true); end $$",
    "do $$ begin set local app.tenant_id = 't_globex'; delete from job; end $$",
    "do $$ begin execute 'set app.tenant_id = ''t_globex'''; end $$",
    "SET app.tenant_id = 't_globex'",
    "set local app.tenant_id to 't_globex'",
    "Set Session APP.TENANT_ID = 't_globex'",
    'reset app.tenant_id',
    "/* quietly */ set local app.tenant_id = 't_globex'",
    "-- quietly\nset /* very */ local app.tenant_id = 't_globex'",
    `; set "app"."tenant_id" = 't_globex'`,
    "alter role current_user set app.tenant_id = 't_globex'",
    "alter database postgres set app.tenant_id = 't_globex'",
    "with x as (select set_config('app.tenant_id', 't_globex', true)) select * from x, job",
    // As PostgreSQL reads the name, however it is written.
    "set local app . tenant_id = 't_globex'",
    "set app/**/./**/tenant_id = 't_globex'",
    "set app -- the\n . tenant_id = 't_globex'",
    `set U&"app".U&"\\0074enant_id" = 't_globex'`,
    "select set_config(E'app.\\x74enant_id', 't_globex', false)",
    "select set_config(E'app.\\164enant\\u005fid', 't_globex', false)",
    "select set_config(e'app.\\U00000074enant\\_id', 't_globex', false)",
    "select set_config(U&'app.\\0074enant_id', 't_globex', false)",
    "select set_config(u&'app.!+000074enant_id' uescape '!', 't_globex', false)",
    "select set_config('app.tenan' \n 't_id', 't_globex', false)",
    "with x as materialized (select set_config(E'app.\\x74enant_id', 't_globex', true) s) select * from x, job",
  ])('SQL that sets what binds it is refused before it is sent: %s', async (text) => {
    await asAcme(async (client) => {
      await client.query('begin');
      await expect(client.query(text)).rejects.toEqual(switched);
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      await client.query('commit');
    });
    expect(pool.idleCount).toBe(1);
    await expect(database.context.run(acme, () => pool.query(text))).rejects.toEqual(switched);
  });

  it.each([
    "select set_config('app.' || 'tenant_id', 't_globex', true)",
    "select set_config('app.' || 'tenant_id', 't_globex', false)",
    "do $$ begin execute 'set app.' || 'tenant_id = ''t_globex'''; end $$",
    "do $$ begin perform set_config('app.' || 'tenant_id', 't_globex', false); end $$",
    "select become('t_globex')",
    "select query_to_xml('select become(''t_globex'')', true, true, '')",
    'deallocate all',
  ])('SQL that evades it binds nothing that follows: %s', async (text) => {
    await asAcme(async (client) => {
      await client.query(text);
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      await client.query('begin');
      await client.query(text);
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      await client.query("insert into job (id, title) values (60, 'mine')");
      await client.query('commit');
      expect((await client.query("delete from job where title = 'mine' returning tenant_id")).rows).toEqual([
        { tenant_id: acme.id },
      ]);
    });
    const { rows } = await database.context.run(globex, () => pool.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
    // Nor is it what somebody without a tenant sees.
    expect((await pool.query('SELECT 1')).rows).toEqual([{ '?column?': 1 }]);
  });

  it.each([
    "select set_config('app.other', E'\\x41\\tb', true)",
    "select set_config('app.other', 'one' \n ' more', true), 'tenant_id'",
    "set local app.other = 'tenant_id'",
    "do $$ begin set local app.other = 'tenant_id'; update job set title = 'app.tenant_id' where false; end $$",
  ])('another setting is set as before: %s', async (text) => {
    await asAcme(async (client) => {
      await client.query('begin');
      await client.query(text);
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      await client.query('rollback');
    });
  });

  it("C8: and is nobody's after release, in whichever context it is used", async () => {
    const kept = await database.context.run(acme, () => pool.connect());
    kept.release();
    await expect(kept.query(ALL)).rejects.toEqual(released);
    const next = await database.context.run(globex, () => pool.connect());
    for (const tenant of [acme, globex]) {
      await database.context.run(tenant, async () => {
        await expect(kept.query(ALL)).rejects.toEqual(released);
        expect(await new Promise((resolve) => kept.query(ALL, [], resolve))).toEqual(released);
      });
    }
    expect(() => kept.on('notice', () => {})).toThrow(released);
    expect(areOwn(globex, (await next.query(ALL)).rows)).toBe(true);
    next.release();
  });

  it("C8: and is nobody's after `done` of a callback, which gives it back as `release` does", async () => {
    const own = database.pool({ max: 1 });
    const connect = () =>
      database.context.run(acme, () => {
        return new Promise<{ kept: PoolClient; done: (error?: Error | boolean) => void }>((resolve, reject) =>
          own.connect((error, kept, done) => (kept ? resolve({ kept, done }) : reject(error))),
        );
      });
    const { kept, done } = await connect();
    kept.on('notice', () => {});
    expect(areOwn(acme, (await kept.query(ALL)).rows)).toBe(true);
    done();
    const next = await database.context.run(globex, () => own.connect());
    expect(next.listenerCount('notice')).toBe(0);
    for (const tenant of [acme, globex]) {
      await database.context.run(tenant, () => expect(kept.query(ALL)).rejects.toEqual(released));
    }
    expect(areOwn(globex, (await next.query(ALL)).rows)).toBe(true);
    next.release();
    const again = await connect();
    again.kept.setTypeParser(25, () => 'read by acme');
    again.done();
    const { rows } = await database.context.run(globex, () => own.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
  });

  it('and is released once, as pg has it', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    client.release();
    const next = await database.context.run(globex, () => pool.connect());
    expect(() => client.release()).toThrow(/already been released/);
    expect(areOwn(globex, (await next.query(ALL)).rows)).toBe(true);
    next.release();
  });

  it('and forgets at release who listened', async () => {
    const heard: unknown[] = [];
    const client = await database.context.run(acme, () => pool.connect());
    for (const add of ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const) {
      (client as NodeJS.EventEmitter)[add]('notice', ({ message }) => heard.push(message));
    }
    const before = client.listenerCount('notice');
    expect(before).toBe(5);
    client.release();
    const next = await database.context.run(globex, () => pool.connect());
    expect(next.listenerCount('notice')).toBe(0);
    await next.query("do $$ begin raise notice 'of globex'; end $$");
    next.release();
    expect(heard).toEqual([]);
  });

  it('and takes its type parsers with it', async () => {
    const read: unknown[] = [];
    await asAcme(async (client) => {
      client.setTypeParser(25, (text: string) => {
        read.push(text);
        return 'read by acme';
      });
      expect((await client.query('select title from job where id = 1')).rows).toEqual([{ title: 'read by acme' }]);
    });
    read.length = 0;
    const { rows } = await database.context.run(globex, () => pool.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
    expect(read).toEqual([]);
  });

  it("and one that was kept since it was set up is nobody's between two holders", async () => {
    const own = database.pool({ max: 1 });
    let kept: ClientBase | undefined;
    own.on('connect', (client) => {
      kept = client;
    });
    await database.context.run(acme, () => own.query(ALL));
    for (const tenant of [acme, globex]) {
      await database.context.run(tenant, () => expect(kept?.query(ALL)).rejects.toEqual(released));
    }
    await expect(kept?.query('SELECT 1')).rejects.toEqual(released);
  });

  it('C8: and one that a listener keeps sends nothing while another holds it', async () => {
    const own = database.pool({ max: 1 });
    const kept = new Set<ClientBase>();
    for (const event of ['connect', 'acquire'] as const) own.on(event, (client) => kept.add(client));
    own.on('release', (_error, client) => kept.add(client));
    const mine = await database.context.run(acme, () => own.connect());
    mine.on('notice', function (this: ClientBase) {
      kept.add(this);
    });
    await mine.query("do $$ begin raise notice 'of acme'; end $$");
    mine.release();
    const next = await database.context.run(globex, () => own.connect());
    const waiting = next.query(`select pg_sleep(0.2)`);
    expect(kept.size).toBeGreaterThan(0);
    for (const client of kept) {
      for (const tenant of [acme, globex]) {
        await database.context.run(tenant, () => expect(client.query(ALL)).rejects.toEqual(released));
      }
    }
    await waiting;
    expect(areOwn(globex, (await next.query(ALL)).rows)).toBe(true);
    next.release();
    // So it is while the pool sends a query itself.
    const asked = database.context.run(globex, () => own.query('select pg_sleep(0.2)'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const client of kept) {
      await database.context.run(acme, () => expect(client.query(ALL)).rejects.toEqual(released));
    }
    await asked;
  });

  it("twin: clients handed to other tenants' contexts, at random", async () => {
    const many = database.pool({ max: 3 });
    let wrong = 0;
    const handed: { readonly id: string; readonly query: (text: string) => Promise<{ rows: unknown[] }> }[] = [];
    await interleaved(database, { callers: 18, rounds: 20 }, async (tenant, round, caller) => {
      const client = await many.connect();
      handed.push({ id: tenant.id, query: (text) => client.query(text) });
      const foreign = handed[(round * 7 + caller) % handed.length];
      // Refused, unless it is the same tenant's, which may give it back while this runs.
      const rows = (await foreign?.query(ALL).catch(() => undefined))?.rows;
      if (rows && !(foreign?.id === tenant.id && areOwn(tenant, rows))) wrong += 1;
      client.on('error', () => {});
      const own = await client.query(ALL).catch(() => undefined);
      if (own && !areOwn(tenant, own.rows)) wrong += 1;
      client.release();
    });
    expect(wrong).toBe(0);
  });
});
