import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asTenant, openPolicyDatabase, type PolicyDatabase } from './policy-database.js';

let db: PolicyDatabase;
let app: pg.Client;
let owner: pg.Client;
let ownerRole: string;

beforeAll(async () => {
  db = await openPolicyDatabase(`
    create table job (tenant_id text not null, id serial primary key, title text unique);
    create table note (tenant_id text not null, id int generated always as identity, job_id int references job);
    create table country (code text primary key);
    create table visit (id bigserial primary key, page text);
    create table audit (id bigserial primary key, page text);
    create table reading (tenant_id text not null, day int not null, value int) partition by range (day);
    create table reading_1 partition of reading for values from (0) to (100);
    create table reading_2 partition of reading for values from (100) to (200);
    create view job_titles as select tenant_id, title from job;
    insert into job (tenant_id, title) values ('t_acme', 'a'), ('t_globex', 'g');
    insert into reading values ('t_acme', 1, 1), ('t_globex', 1, 2), ('t_acme', 101, 3), ('t_globex', 101, 4);
    insert into country values ('CH');
    grant all on all tables in schema public to public;
    grant create on schema public to public`);
  ownerRole = db.roles.role.replace('app', 'owner');
  await db.outside.query(`create role ${ownerRole} login; alter table job owner to ${ownerRole}`);
  await db.apply({
    tables: ['job', 'note', 'reading', 'reading_1', 'reading_2'].map((name) => ({ name })),
    shared: [{ name: 'country' }, { name: 'visit', writable: true }, { name: 'audit' }],
    views: [{ name: 'job_titles' }],
    database: db.name,
  });
  [app, owner] = await Promise.all([db.login(db.roles.role), db.login(ownerRole)]);
});
afterAll(() => db.stop(ownerRole));

it('G1: the owner sees nothing without a policy of its own, and everything where FORCE is taken away', async () => {
  expect((await owner.query('select * from job')).rows).toEqual([]);
  expect((await asTenant(owner, 't_acme', 'select * from job')).rows).toEqual([]);
  await db.outside.query('alter table job no force row level security');
  expect((await owner.query('select * from job')).rowCount).toBe(2);
  await db.outside.query('alter table job force row level security');
});

it('G7: TRUNCATE is refused, on tables and on what is shared', async () => {
  for (const table of ['job', 'reading', 'country', 'visit']) {
    await expect(app.query(`truncate ${table} cascade`)).rejects.toThrow('permission denied');
  }
  await expect(app.query('create trigger t before insert on job execute function f()')).rejects.toThrow(
    'permission denied',
  );
});

it("G7: a view shows own rows only, and every tenant's where security_invoker is taken away", async () => {
  const titles = async () => (await asTenant(app, 't_acme', 'select title from job_titles order by 1')).rows;
  expect(await titles()).toEqual([{ title: 'a' }]);
  await db.outside.query('alter view job_titles reset (security_invoker)');
  expect(await titles()).toEqual([{ title: 'a' }, { title: 'g' }]);
  await db.outside.query('alter view job_titles set (security_invoker = true)');
});

it("G7: a partition shows own rows only, and every tenant's where it has no policy of its own", async () => {
  const values = async (table: string) =>
    (await asTenant(app, 't_acme', `select value from ${table} order by 1`)).rows.map(({ value }) => value);
  expect([await values('reading'), await values('reading_1'), await values('reading_2')]).toEqual([[1, 3], [1], [3]]);
  await db.outside.query('alter table reading_1 disable row level security');
  expect([await values('reading'), await values('reading_1')]).toEqual([
    [1, 3],
    [1, 2],
  ]);
  await db.outside.query('alter table reading_1 enable row level security');
  await expect(asTenant(app, 't_acme', "insert into reading values ('t_globex', 150, 5)")).rejects.toThrow('policy');
});

it('G5: a foreign key is checked past the policies unless it contains the tenant', async () => {
  const refer = (table: string) =>
    asTenant(app, 't_acme', `insert into ${table} (tenant_id, job_id) values ('t_acme', 2)`);
  // The reason why compilePolicies asks for keys that contain the tenant: job 2 is globex's.
  await refer('note');
  await db.outside.query(`
    delete from note;
    alter table job add unique (tenant_id, id);
    alter table note add foreign key (tenant_id, job_id) references job (tenant_id, id)`);
  await expect(refer('note')).rejects.toThrow('violates foreign key constraint');
});

describe('grants', () => {
  it('columns fill from their own sequences, and other sequences stay closed', async () => {
    expect((await asTenant(app, 't_acme', "insert into job (tenant_id) values ('t_acme') returning id")).count).toBe(1);
    expect((await asTenant(app, 't_acme', "insert into note (tenant_id) values ('t_acme')")).count).toBe(1);
    expect((await app.query("insert into visit (page) values ('/') returning id")).rowCount).toBe(1);
    await expect(app.query("select nextval('audit_id_seq')")).rejects.toThrow('permission denied');
    await expect(app.query("select setval('job_id_seq', 1)")).rejects.toThrow('permission denied');
  });

  it('a shared table is read by every tenant and written only when it is writable', async () => {
    expect((await asTenant(app, 't_acme', 'select code from country')).rows).toEqual([{ code: 'CH' }]);
    await expect(app.query("insert into country values ('AT')")).rejects.toThrow('permission denied');
    await app.query("insert into visit (page) values ('/jobs')");
  });

  it('a role that is not named has no rights left', async () => {
    for (const relation of ['job', 'country', 'job_titles', 'visit']) {
      await expect(owner.query(`select * from ${relation === 'job' ? 'note' : relation}`)).rejects.toThrow(
        'permission denied',
      );
    }
  });

  it('nothing can be created: no table, and no temporary one that the next tenant would find', async () => {
    await expect(app.query('create table public.mine (id int)')).rejects.toThrow('permission denied');
    await expect(app.query('create temporary table mine (id int)')).rejects.toThrow('permission denied');
    await db.outside.query(`grant temporary on database ${db.name} to public`);
    await app.query('create temporary table mine as select 1 as id');
    expect((await asTenant(app, 't_globex', 'select id from mine')).rows).toEqual([{ id: 1 }]);
  });
});

describe('a policy that somebody adds later', () => {
  const added = () => db.outside.query(`create policy oops on job to ${db.roles.role} using (true) with check (true)`);
  const seen = async () =>
    (await asTenant(app, 't_acme', "select distinct tenant_id from job where tenant_id like 't%' order by 1")).rows;

  it("opens nothing, because the tenant's condition is restrictive", async () => {
    await added();
    expect(await seen()).toEqual([{ tenant_id: 't_acme' }]);
    await expect(asTenant(app, 't_acme', "insert into job (tenant_id) values ('t_globex')")).rejects.toThrow('policy');
    await db.outside.query('drop policy oops on job');
  });

  it('would open the table if that condition were permissive', async () => {
    const [condition] = await db.rows(`
      select pg_get_expr(polqual, polrelid) as sql from pg_policy
      where polrelid = 'job'::regclass and polname = 'tenancy_isolation'`);
    await db.outside.query(`
      drop policy tenancy_access on job; drop policy tenancy_isolation on job;
      create policy alone on job to ${db.roles.role} using ${condition?.['sql']}`);
    expect(await seen()).toEqual([{ tenant_id: 't_acme' }]);
    await added();
    expect(await seen()).toEqual([{ tenant_id: 't_acme' }, { tenant_id: 't_globex' }]);
  });
});
