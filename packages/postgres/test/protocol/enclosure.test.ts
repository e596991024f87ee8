import Cursor from 'pg-cursor';
import { beforeAll, describe, expect, it } from 'vitest';
import { schemaPerTenant, type TenantPool } from '../../src/index.js';
import { acme, globex, initech, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { checkedOut } from '../pool/checked-out.js';
import { areOwn, interleaved } from '../pool/interleaved.js';
import { openWireProxy, typeOf } from '../pool/wire-proxy.js';

const ALL = 'select * from job where id <= 10';

/** Each ends the transaction that it runs in, at once or after it has written. */
const ENDING: readonly (readonly [string, string, unknown[]?])[] = [
  ['CALL', 'call commits()'],
  ['CALL, in capitals and brackets of its own', 'CALL "commits" ()'],
  ['CALL that rolls back', 'call rolls_back()'],
  ['CALL of a procedure that calls another', 'call calls_commits()'],
  ['CALL behind comments', '-- of the night\n/* one /* two */ */ ;\n  Call\ncommits()'],
  ['CALL with values', 'call commits_with($1)', ['x']],
  ['CALL with an out parameter', 'call counts_after_commit(null)'],
  ['DO', 'do $$ begin commit; end $$'],
  ['DO that has written', "do $$ begin insert into job (id, title) values (77, 'half'); commit; end $$"],
  [
    'DO in a loop',
    "Do language plpgsql 'begin for i in 1..3 loop insert into job (id, title) values (80 + i, $s$half$s$); commit; end loop; end'",
  ],
  ['DO behind a comment', '/* do */ DO $do$ begin rollback; end $do$'],
];

describe('F9: CALL and DO, in a transaction that nothing inside can end', () => {
  const database = forAllTests(openFloorDatabase);
  const proxy = forAllTests(() => openWireProxy(database.url));
  let pool: TenantPool;
  beforeAll(async () => {
    await database.outside.query(`
      create procedure commits() language plpgsql as $$ begin
        insert into job (id, title) values (70, 'half');
        commit;
        insert into job (id, title) values (71, 'half');
      end $$;
      create procedure commits_with(said text) language plpgsql as $$ begin
        insert into job (id, title) values (70, 'half'); commit; end $$;
      create procedure rolls_back() language plpgsql as $$ begin
        rollback; insert into job (id, title) values (72, 'half'); end $$;
      create procedure calls_commits() language plpgsql as $$ begin call commits(); end $$;
      create procedure counts_after_commit(inout found int) language plpgsql as $$ begin
        commit; select count(*) into found from job; end $$;
      create procedure doubles(inout n int) language plpgsql as $$ begin
        update job set title = title; n := n * 2; raise notice 'doubled'; end $$;
      create procedure fails() language plpgsql as $$ begin
        insert into job (id, title) values (73, 'half'); perform 1 / 0; end $$;
      create table late (id int primary key deferrable initially deferred);
      create procedure fails_at_commit() language plpgsql as $$ begin
        insert into late values (1), (1); insert into job (id, title) values (74, 'half'); end $$;
      do $$ begin execute format('grant insert on late to %I', ${`'${new URL(database.url).username}'`}); end $$;
    `);
    pool = database.pool({
      connectionString: proxy.url,
      max: 1,
      idleTimeoutMillis: 0,
      checks: { classification: 'off', 'table-policies': 'off' },
    });
    await pool.verify();
  });

  const refused = { code: 'statement_refused', cause: expect.objectContaining({ code: '2D000' }) };
  const halves = async () => (await database.outside.query("select from job where title = 'half'")).rowCount;

  const ending = ENDING.map(([what, text, values]) => ({ what, text, values }));
  it.each(ending)('$what is refused with nothing written, in every form it is sent in', async ({ text, values }) => {
    await database.context.run(acme, async () => {
      await expect(values ? pool.query(text, values) : pool.query(text)).rejects.toMatchObject(refused);
      await expect(
        pool.query({ text, name: `named ${text}`.slice(0, 60), values: values ?? [] }),
      ).rejects.toMatchObject(refused);
      await expect(
        pool.query({ text, name: `named ${text}`.slice(0, 60), values: values ?? [] }),
      ).rejects.toMatchObject(refused);
      await checkedOut(database.context, pool, acme, async (client) => {
        const cursor = client.query(new Cursor(text, values));
        await expect(cursor.read(2)).rejects.toMatchObject(refused);
        expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      });
    });
    expect(await halves()).toBe(0);
    const { rows } = await database.context.run(globex, () => pool.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
    expect(pool.totalCount).toBe(1);
  });

  it('the server itself is told BEGIN before the binding and COMMIT after, in one round trip, and nowhere else', async () => {
    for (const [text, encloses] of [
      ['call doubles(4)', true],
      ['do $$ begin perform 1; end $$', true],
      [ALL, false],
      ['explain select 1', false],
    ] as const) {
      proxy.texts.length = 0;
      const ends: number[] = [];
      let passed = 0;
      proxy.request = (message) => {
        passed += 1;
        return [message];
      };
      proxy.reply = (message) => {
        if (typeOf(message) === 'Z') ends.push(passed);
        return [message];
      };
      await database.context.run(acme, () => pool.query(text));
      proxy.request = undefined;
      proxy.reply = undefined;
      const own = proxy.texts.filter((each) => /^(?:begin|commit)$/.test(each) || each === text);
      expect(own).toEqual(encloses ? ['begin', text, 'commit'] : [text]);
      if (encloses) {
        const at = (part: string) => proxy.texts.findIndex((each) => each.includes(part));
        expect(at('begin')).toBeLessThan(at('set_config'));
        // All was asked before the first answer came.
        expect(new Set(ends.slice(-2)).size).toBe(1);
      }
    }
  });

  it('what it returns, and its notices, are as without', async () => {
    await checkedOut(database.context, pool, acme, async (client) => {
      const heard: unknown[] = [];
      client.on('notice', ({ message }) => heard.push(message));
      expect(await client.query('call doubles(4)')).toMatchObject({ command: 'CALL', rows: [{ n: 8 }] });
      expect((await client.query('call doubles($1)', [5])).rows).toEqual([{ n: 10 }]);
      expect((await client.query({ name: 'd', text: 'call doubles($1)', values: [6] })).rows).toEqual([{ n: 12 }]);
      expect((await client.query({ name: 'd', text: 'call doubles($1)', values: [7] })).rows).toEqual([{ n: 14 }]);
      expect(await client.query('do $$ begin perform 1; end $$')).toMatchObject({ command: 'DO', rows: [] });
      const cursor = client.query(new Cursor('call doubles(8)'));
      expect(await cursor.read(5)).toEqual([{ n: 16 }]);
      await cursor.close();
      const early = client.query(new Cursor('call doubles(9)'));
      await early.close();
      expect(heard.filter((each) => each === 'doubled').length).toBeGreaterThanOrEqual(5);
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
    });
    expect(pool.totalCount).toBe(1);
    expect(pool.idleCount).toBe(1);
  });

  it('what fails in it, or as it is committed, is told as it is, and nothing stays', async () => {
    await checkedOut(database.context, pool, acme, async (client) => {
      await expect(client.query('call fails()')).rejects.toMatchObject({ code: '22012' });
      await expect(client.query('call nothing_like_it()')).rejects.toMatchObject({ code: '42883' });
      await expect(client.query('call fails_at_commit()')).rejects.toMatchObject({ code: '23505' });
      await expect(client.query('do $$ begin raise sqlstate $s$ZZ001$s$; end $$')).rejects.toMatchObject({
        code: 'ZZ001',
      });
      // No transaction is left open.
      await client.query('begin');
      await client.query('call doubles(1)');
      await client.query('commit');
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
    });
    expect(await halves()).toBe(0);
    expect(pool.totalCount).toBe(1);
  });

  it("in a transaction of the application's own nothing is added, and it goes on", async () => {
    await checkedOut(database.context, pool, acme, async (client) => {
      await client.query('begin');
      proxy.texts.length = 0;
      await client.query('call doubles(2)');
      expect(proxy.texts).not.toContain('begin');
      expect(proxy.texts).not.toContain('commit');
      await client.query("insert into job (id, title) values (75, 'half')");
      await client.query('rollback');
    });
    expect(await halves()).toBe(0);
  });

  it('a BEGIN that fails takes the CALL with it, and a COMMIT that was not one is not believed', async () => {
    const own = database.pool({
      connectionString: proxy.url,
      max: 1,
      checks: { classification: 'off', 'table-policies': 'off' },
    });
    await own.verify();
    proxy.request = (message) =>
      typeOf(message) === 'P' && message.includes('\0begin\0')
        ? [Buffer.from(message.toString('latin1').replace('begin', 'bogin'), 'latin1')]
        : [message];
    await expect(
      database.context.run(acme, () =>
        own.query("do $$ begin insert into job (id, title) values (76, 'half'); end $$"),
      ),
    ).rejects.toMatchObject({ code: '42601' });
    proxy.request = undefined;
    expect(await halves()).toBe(0);
    for (const [tag, instead] of [
      ['COMMIT\0', 'NOTHIN\0'],
      ['BEGIN\0', 'BEGUN\0'],
    ] as const) {
      proxy.reply = (message) => [Buffer.from(message.toString('latin1').replace(tag, instead), 'latin1')];
      await expect(database.context.run(acme, () => own.query('do $$ begin perform 1; end $$'))).rejects.toMatchObject({
        code: 'connection_out_of_step',
      });
      proxy.reply = undefined;
    }
    expect(areOwn(acme, (await database.context.run(acme, () => own.query(ALL))).rows)).toBe(true);
  });

  it('a COMMIT that is cancelled before it has begun ends in ROLLBACK, and the holder goes on', async () => {
    await checkedOut(database.context, pool, acme, async (client) => {
      // As a cancellation does, it leaves the transaction open and failed.
      proxy.request = (message) => [Buffer.from(message.toString('latin1').replace('commit\0', 'cammit\0'), 'latin1')];
      await expect(
        client.query("do $$ begin insert into job (id, title) values (78, 'half'); end $$"),
      ).rejects.toMatchObject({ code: '42601' });
      proxy.request = undefined;
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      await client.query('do $$ begin perform 1; end $$');
    });
    expect(await halves()).toBe(0);
    expect(pool.totalCount).toBe(1);
    expect(areOwn(globex, (await database.context.run(globex, () => pool.query(ALL))).rows)).toBe(true);
  });

  it("schemas: a batch that commits writes neither to the tenant's schema nor to a shared one", async () => {
    const { username } = new URL(database.url);
    await database.outside.query(`
      create table public.batch (title text);
      grant select, insert on public.batch to ${username};
      create procedure public.import_batch() language plpgsql as $$ begin
        for i in 1..3 loop insert into batch values ('half'); commit; end loop; end $$;
    `);
    for (const { id } of [acme, globex]) {
      await database.outside.query(`
        create schema "tenant_${id}"; grant usage on schema "tenant_${id}" to ${username};
        create table "tenant_${id}".batch (title text); grant all on "tenant_${id}".batch to ${username};
      `);
    }
    const own = database.pool({ isolation: schemaPerTenant({ shared: ['public'] }) });
    await expect(database.context.run(acme, () => own.query('call import_batch()'))).rejects.toMatchObject(refused);
    for (const table of ['public.batch', 'tenant_t_acme.batch', 'tenant_t_globex.batch']) {
      expect((await database.outside.query(`select from ${table}`)).rowCount).toBe(0);
    }
    await database.context.run(globex, () => own.query("do $$ begin insert into batch values ('own'); end $$"));
    expect((await database.context.run(globex, () => own.query('select * from batch'))).rows).toEqual([
      { title: 'own' },
    ]);
    expect((await database.context.run(acme, () => own.query('select * from batch'))).rows).toEqual([]);
  });

  it('twin: refused and answered calls of three tenants between their queries', async () => {
    const many = database.pool({ max: 3, checks: { classification: 'off', 'table-policies': 'off' } });
    await many.verify();
    let wrong = 0;
    await interleaved(database, { callers: 12, rounds: 12 }, async (tenant, round, caller) => {
      const [, text, values] = ENDING[(round + caller) % ENDING.length] as (typeof ENDING)[number];
      const code = await many.query(text, values).then(
        () => 'answered',
        (error) => error.code,
      );
      if (code !== 'statement_refused') wrong += 1;
      if ((await many.query('call doubles(3)')).rows[0].n !== 6) wrong += 1;
      if (!areOwn(tenant, (await many.query(ALL)).rows)) wrong += 1;
    });
    expect(wrong).toBe(0);
    expect(await halves()).toBe(0);
    expect(areOwn(initech, (await database.context.run(initech, () => many.query(ALL))).rows)).toBe(true);
  });
});
