import {
  createDatabase,
  type PostgresServer,
  postgresFromEnvironment,
  type TestDatabase,
} from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { before, lint, rulesOf } from './hiring.js';

describe('traps that migrations hold, as PostgreSQL shows them, and the rule that names each', () => {
  let server: PostgresServer;
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    server = await postgresFromEnvironment();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await createDatabase(server.url);
    client = new pg.Client(database.url);
    await client.connect();
    await client.query(before.sql);
  });
  afterEach(async () => {
    await client.end();
    await database.stop();
  });

  const value = async (sql: string) => Object.values((await client.query(sql)).rows[0])[0];

  it("O9: a path that goes on to another schema changes that one's table", async () => {
    await client.query('create schema one; set search_path = one, public; alter table tag add column lost text');
    expect(
      await value(
        "select count(*)::int from information_schema.columns where table_schema = 'public' and column_name = 'lost'",
      ),
    ).toBe(1);
    expect(await rulesOf('set search_path = one, public', { strategy: 'schemas' })).toEqual(['search-path']);
  });

  it('O10: a type with the name of a schema is one for all tenants, and fails at the second', async () => {
    const sql = `create type "public"."mood" as enum ('a')`;
    await client.query(`create schema one; set search_path = one; ${sql}`);
    await expect(client.query(`create schema two; set search_path = two; ${sql}`)).rejects.toMatchObject({
      code: '42710',
    });
    expect(await rulesOf(sql, { strategy: 'schemas' })).toEqual(['foreign-schema']);
  });

  it('O11: an extension is there once in a database, and goes with its schema', async () => {
    const { rows } = await client.query(
      "select name from pg_available_extensions where name in ('pg_trgm', 'citext', 'hstore', 'pgcrypto') limit 1",
    );
    expect(await rulesOf('create extension hstore', { strategy: 'schemas' })).toEqual([
      'extension-in-tenant-migration',
    ]);
    const name = rows[0]?.name ?? 'plpgsql';
    await client.query(
      `create schema one; create schema two; create extension if not exists ${name} schema ${name === 'plpgsql' ? 'pg_catalog' : 'one'}`,
    );
    await client.query(`set search_path = two; create extension if not exists ${name}`);
    expect(await value(`select count(*)::int from pg_extension where extname = '${name}'`)).toBe(1);
  });

  it('O14: a table whose policy comes in the next file is open in between', async () => {
    const table = 'create table made (tenant_id text not null, id int, primary key (tenant_id, id))';
    await client.query(`${table}; insert into made values ('c1', 1), ('c2', 1); set app.tenant_id = 'c1'`);
    expect(await value('select count(*)::int from made')).toBe(2);
    expect(await rulesOf(table, { policies: 'in-files' })).toEqual(['table-policies']);
    expect(await rulesOf(table)).toEqual([]);
  });

  it('O20: IF NOT EXISTS takes an invalid index for the finished one', async () => {
    await client.query("insert into tag values ('c1', 'a', 'red'), ('c1', 'b', 'blue'), ('c2', 'a', 'red')");
    await expect(client.query('create unique index concurrently tag_one on tag (name)')).rejects.toMatchObject({
      code: '23505',
    });
    const again = 'create unique index concurrently if not exists tag_one on tag (name)';
    await client.query(again);
    expect(await value("select indisvalid from pg_index where indexrelid = 'tag_one'::regclass")).toBe(false);
    expect(await rulesOf(again, { runner: 'one-transaction' })).toContain('concurrent-index-if-not-exists');
  });

  it('O27: under FORCE the backfill of the owner changes no row and says nothing', async () => {
    const role = `lint_owner_${database.name}`.slice(0, 60);
    const backfill = "update tag set colour = 'green' where name = 'a'";
    await client.query(`
      insert into tag values ('c1', 'a', 'red');
      create role ${role}; grant all on schema public to ${role}; alter table tag owner to ${role};
      alter table tag enable row level security, force row level security;
      create policy tenant on tag using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))`);
    try {
      await client.query(`set role ${role}`);
      expect((await client.query(backfill)).rowCount).toBe(0);
      await client.query('reset role');
      expect((await client.query(backfill)).rowCount).toBe(1);
    } finally {
      await client.query(
        `reset role; reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`,
      );
    }
    expect(await rulesOf(backfill)).toEqual(['owner-backfill']);
  });

  it('O28: NOT NULL … NOT VALID is for servers of 18 and later', async () => {
    const sql = 'alter table job add constraint place_given not null place not valid';
    const version = Math.trunc(Number(await value("select current_setting('server_version_num')::int")) / 10_000);
    const run = client.query(sql);
    if (version >= 18) await run;
    else await expect(run).rejects.toMatchObject({ code: expect.stringMatching(/^42|0A/) });
    expect(await rulesOf(sql, { serverVersion: 18 })).toEqual([]);
    expect(await rulesOf(sql, { serverVersion: 17 })).toEqual(['server-version']);
    // The safe form is by version too.
    expect(
      await rulesOf('alter table job add constraint place_given check (place is not null) not valid', {
        serverVersion: 15,
      }),
    ).toEqual([]);
  });

  it('O30: policies that are switched on before there are any hide every row', async () => {
    const role = `lint_reader_${database.name}`.slice(0, 60);
    const enable = 'alter table tag enable row level security';
    await client.query(
      `insert into tag values ('c1', 'a', 'red'); create role ${role}; grant select on tag to ${role}; ${enable}`,
    );
    try {
      await client.query(`set role ${role}`);
      expect(await value('select count(*)::int from tag')).toBe(0);
    } finally {
      await client.query(`reset role; drop owned by ${role}; drop role ${role}`);
    }
    expect(await rulesOf(enable, { policies: 'in-files' })).toEqual(['enabling-before-policy']);
  });

  it('O31: upserts of the code that still runs fail when their key is gone', async () => {
    const upsert =
      "insert into job (tenant_id, id, slug, code) values ('c1', 1, 'a', 'x') on conflict (tenant_id, slug) do nothing";
    await client.query("insert into company values ('c1')");
    await client.query(upsert);
    const drop = 'alter table job drop constraint job_slug';
    await client.query(drop);
    await expect(client.query(upsert)).rejects.toMatchObject({ code: '42P10' });
    expect(await rulesOf(drop)).toEqual(['dropping-conflict-target']);
  });

  it('O32: a sequence that is named by a text stays that of the old schema', async () => {
    await client.query(
      "create schema one; create sequence one.numbers; create table one.made (n bigint default nextval('one.numbers'::text)); alter schema one rename to two; create schema one; create sequence one.numbers start 1000",
    );
    expect(await value('insert into two.made default values returning n')).toBe('1000');
    expect(
      await rulesOf("create table made (n bigint default nextval('one.numbers'::text))", { strategy: 'schemas' }),
    ).toEqual(['sequence-name-as-text']);
  });

  it('G3, G4, G5, G6, G7 and G8 are found before they are in a database', async () => {
    expect(
      await rulesOf("create policy p on job using (tenant_id::text = current_setting('app.tenant_id', true))"),
    ).toEqual(['policy-condition']);
    expect(
      await rulesOf(
        'create table part (tenant_id text not null, id uuid primary key, up uuid references part, unique (tenant_id, id)); create index on part (up)',
      ),
    ).toEqual(['foreign-keys']);
    expect(
      await rulesOf(
        'create table part (tenant_id text not null, name text, unique (name)); create index on part (tenant_id)',
      ),
    ).toEqual(['unique-keys']);
    expect(await rulesOf('create view v as select * from job')).toEqual(['views']);
    expect(await rulesOf("create function f() returns int language sql security definer as 'select 1'")).toEqual([
      'security-definer',
    ]);
    expect(await rulesOf('create index concurrently job_stage on job (stage)')).toEqual(['leakproof-indexes']);
  });

  it.each<[string, string, string]>([
    ['row-security-off', 'alter table tag disable row level security', 'select count(*)::int from tag'],
    [
      'row-security-off',
      'alter table tag no force row level security; alter table tag owner to ROLE',
      'select count(*)::int from tag',
    ],
    ['open-policy', 'create policy extra on tag using (true)', 'select count(*)::int from tag'],
    ['open-policy', 'alter policy tenant on tag using (tenant_id is not null)', 'select count(*)::int from tag'],
    ['bypassing-role', 'alter role ROLE bypassrls', 'select count(*)::int from tag'],
    [
      'changing-owner',
      'alter table tag owner to ROLE',
      'alter table tag disable row level security; select count(*)::int from tag',
    ],
    [
      'copied-rows',
      'create table tag_copy as select * from tag; grant select on tag_copy to ROLE',
      'select count(*)::int from tag_copy',
    ],
    [
      'views',
      'create view tags with (security_invoker) as select * from tag; grant select on tags to ROLE; alter view tags set (security_invoker = off)',
      'select count(*)::int from tags',
    ],
    ['dropping-policy', 'drop policy narrow on tag', "set app.tenant_id = 'c1'; select count(*)::int from tag"],
  ])('%s: after %s a tenant reads more than before', async (rule, sql, read) => {
    const role = `lint_reader_${database.name}`.slice(0, 60);
    const opening = sql.replaceAll('ROLE', role);
    const protection = `alter table tag enable row level security, force row level security;
      create policy tenant on tag using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
      create policy narrow on tag as restrictive using (colour = 'red')`;
    await client.query(`insert into tag values ('c1', 'a', 'red'), ('c1', 'b', 'blue'), ('c2', 'a', 'red');
      create role ${role}; grant select on tag to ${role}; ${protection}`);
    const readAs = async () => {
      const answers = await client.query(
        `begin; set local role ${role}; set local app.tenant_id = 'c1'; ${read}; rollback`,
      );
      const counted = (answers as unknown as pg.QueryResult[]).find(({ rows }) => rows.length > 0);
      return counted?.rows[0].count as number;
    };
    try {
      if (!/tag_copy|tags|owner/.test(sql)) expect(await readAs()).toBe(1);
      if (rule === 'open-policy') await client.query('drop policy narrow on tag');
      await client.query(opening);
      expect(await readAs()).toBeGreaterThan(1);
    } finally {
      await client.query(`reset role; alter table tag owner to current_user; drop owned by ${role}; drop role ${role}`);
    }
    const findings = await lint(opening, {}, [protection]);
    expect(findings.map((finding) => finding.rule)).toContain(rule);
  });

  it('the rows that a WITH or EXPLAIN ANALYZE writes are written', async () => {
    await client.query("insert into tag values ('c1', 'a', 'red'), ('c2', 'a', 'red'), ('c3', 'a', 'red')");
    const all = [
      "with gone as (delete from tag where colour = 'red' and tenant_id > 'c2' returning 1) select count(*) from gone",
      'explain analyze delete from tag where name = name',
    ];
    for (const [at, sql] of all.entries()) {
      await client.query(sql);
      expect(await value('select count(*)::int from tag')).toBe([2, 0][at]);
      expect(await rulesOf(sql)).toContain('owner-backfill');
    }
  });
});
