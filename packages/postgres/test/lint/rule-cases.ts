import type { LintOptions } from '../../src/lint.js';

export interface RuleCase {
  readonly rule: string;
  readonly options?: LintOptions;
  /** Migrations over the tables of `hiring.ts` that the rule finds something in. */
  readonly bad: readonly string[];
  /** Migrations that are near to those and that it leaves alone. */
  readonly fine: readonly string[];
}

const inFiles: LintOptions = { policies: 'in-files' };
const oneTransaction: LintOptions = { runner: 'one-transaction' };
const schemas: LintOptions = { strategy: 'schemas' };
const on = (rule: string): LintOptions => ({ rules: { [rule]: 'warn' } });

/** Rules about all but locks. */
export const ruleCases: readonly RuleCase[] = [
  {
    rule: 'backfill-in-migration',
    bad: [
      "update job set place = 'Bern'",
      "update job set place = 'Bern' where place is null",
      'delete from note using job where note.job_id = job.id',
      'with gone as (delete from note returning id) select count(*) from gone',
      'with moved as (update job set seats = 1 returning id) insert into company select id::text from moved',
      'explain analyze delete from note',
      'explain (analyze, costs off) with gone as (delete from note returning id) select 1 from gone',
      "delete from note where body = 'x' or true",
      'update job set seats = seats + 1 where id > 7',
      'merge into job using note on job.tenant_id = note.tenant_id and job.id = note.job_id when matched then update set seats = 1',
      'merge into job using company c on job.tenant_id = c.id when not matched then insert (tenant_id, id, slug) values (c.id, 1, c.id) when matched and job.seats > 3 then delete',
      'with merged as (merge into job using company c on true when matched then do nothing) select 1; delete from note',
      "merge into job using company c on job.tenant_id = c.id and c.id = 'c1' when matched then update set seats = 1 when not matched by source then delete",
      'prepare p as update job set seats = 1; execute p',
      'prepare p(int) as delete from note where job_id > $1; explain analyze execute p(1)',
      'insert into note (tenant_id, body) select id, name from company on conflict (tenant_id, id) do update set body = excluded.body',
      'with v (a, b) as (select id, name from company) update company set name = v.b from v where v.a = company.id',
      'update company set name = v.b from (values (1, 2)) v (a, b) where company.name is null',
    ],
    fine: [
      'prepare p as update job set seats = 1 where id = 7; execute p',
      'prepare p as update job set seats = 1',
      "insert into company (id, name) values ('c1', 'x') on conflict (id) do update set name = excluded.name",
      "insert into company (id, name) select id, 'x' from company where id = 'c1' on conflict (id) do update set name = excluded.name",
      'insert into company (id, name) select slug, title from job on conflict (id) do nothing',
      "update company set name = v.n from (values ('c1', 'x')) v (c, n) where v.c = company.id",
      "with v (c, n) as (values ('c1', 'x')) update company set name = n from v where c = id",
      "delete from company using (values ('c7')) gone (id) where company.id = gone.id",
      "delete from company where id = any (array['c1', 'c2'])",
      "delete from company where id = any ('{c1,c2}'::text[])",
      "merge into company using (values ('c1', 'x')) as v (c, n) on company.id = v.c when matched then update set name = v.n",
      "merge into job using company c on job.tenant_id = c.id and c.id = 'c1' when matched then update set seats = 1",
      'merge into job using company c on job.tenant_id = c.id when matched and job.id = 7 then delete when not matched by source and job.id = 8 then delete',
      'merge into job using company c on job.tenant_id = c.id when not matched then insert (tenant_id, id, slug) values (c.id, 1, c.id)',
      'create table made (tenant_id text, n int); merge into made using company c on made.tenant_id = c.id when matched then delete',
      "update job set place = 'Bern' where id = 7",
      "delete from company where id in ('c1', 'c2') and name <> ''",
      "update job set place = 'x' where id = 1 or id = 2::bigint",
      'create table made (tenant_id text, n int); update made set n = 1',
      'with gone as (delete from note where id = 7 returning id) select count(*) from gone',
      'with read as (select * from note) select count(*) from read',
      'explain delete from note',
      'explain (analyze off) delete from note',
      'create function f() returns void begin atomic delete from note; end',
      "insert into company values ('c77', 'New')",
    ],
  },
  // Old code that still runs.
  {
    rule: 'adding-required-field',
    bad: [
      'alter table job add column rank int not null',
      'alter table job add rank int constraint x not null check (rank > 0)',
    ],
    fine: [
      'alter table job add column rank int not null default 0',
      'alter table job add column rank int',
      'alter table job add column if not exists place text not null',
      'create table made (tenant_id text); alter table made add column n int not null',
      'alter table job add column wide int not null generated always as (1) virtual',
    ],
  },
  {
    rule: 'renaming-column',
    bad: ['alter table job rename column place to town', 'alter table job rename place to town'],
    fine: [
      'create table made (n int); alter table made rename n to m',
      'alter index note_job rename to note_of_job',
      'alter table job rename constraint job_slug to slug_key',
    ],
  },
  {
    rule: 'renaming-table',
    bad: ['alter table job rename to position'],
    fine: [
      'alter table job rename to position; create view job with (security_invoker = true) as select * from position',
      'create table made (n int); alter table made rename to other',
    ],
  },
  {
    rule: 'ban-drop-column',
    bad: ['alter table job drop column place', 'alter table job drop tenant_id cascade'],
    fine: ['create table made (n int, m int); alter table made drop column m'],
  },
  {
    rule: 'ban-drop-table',
    bad: ['drop table note', 'drop materialized view job_count', 'create table made (n int); drop table made, tag'],
    fine: [
      'create table made (n int); drop table made',
      'create view v with (security_invoker = true) as select 1 as n; drop view v; create view v with (security_invoker = true) as select 2 as n',
      'drop materialized view job_count; create materialized view job_count as select 1 as jobs',
    ],
  },
  {
    rule: 'ban-drop-not-null',
    bad: ['alter table job alter column slug drop not null'],
    fine: ['create table made (n int not null); alter table made alter n drop not null'],
  },
  {
    rule: 'ban-drop-database',
    bad: ['drop database if exists nothing_of_that_name'],
    fine: ['drop table if exists nothing'],
  },
  {
    rule: 'ban-set-schema',
    bad: ['create schema x; alter table job set schema x', 'create schema x; alter type stage set schema x'],
    fine: ['create schema x; create table made (n int); alter table made set schema x'],
  },
  {
    rule: 'renaming-enum-value',
    bad: ["alter type stage rename value 'hired' to 'taken'"],
    fine: [
      "create type mood as enum ('a'); alter type mood rename value 'a' to 'b'",
      'alter type stage rename to phase',
    ],
  },
  {
    rule: 'dropping-conflict-target',
    bad: [
      'alter table job drop constraint job_slug',
      'drop index concurrently tag_name',
      'alter table note drop constraint note_pkey',
    ],
    fine: [
      'create unique index concurrently other on job (slug, tenant_id); alter table job drop constraint job_slug',
      'drop index concurrently note_body',
      'alter table job drop constraint job_code_short',
    ],
  },
  {
    rule: 'ban-disable-trigger',
    bad: [
      'alter table job disable trigger all',
      'alter table note disable trigger user',
      'set session_replication_role = replica',
      "select set_config('session_replication_role', 'replica', true)",
      "select pg_catalog.set_config('session_replication_role', 'rep' || 'lica', false)",
      'alter role lint_reader set session_replication_role = replica',
    ],
    fine: [
      'alter table job enable trigger all',
      'create table made (n int); alter table made disable trigger all',
      'reset session_replication_role',
      'alter role lint_reader reset session_replication_role',
      'set session_replication_role to default',
      "set session_replication_role = 'origin'",
      "select set_config('session_replication_role', 'origin', true)",
      "select set_config('app.session_replication_role', 'replica', true)",
    ],
  },
  // Transactions.
  {
    rule: 'transaction-nesting',
    bad: ['begin; create table made (n int); commit', 'savepoint x', 'rollback'],
    fine: ['create function f() returns int language plpgsql as $$ begin return 1; end $$'],
  },
  {
    rule: 'ban-concurrent-index-creation-in-transaction',
    options: oneTransaction,
    bad: [
      "set lock_timeout = '1s'; create index concurrently on job (place)",
      'drop index concurrently note_body; select 1',
    ],
    fine: ['create index concurrently on job (place)', "set lock_timeout = '1s'; alter table job add column x int"],
  },
  {
    rule: 'ban-concurrent-index-creation-in-transaction',
    bad: [],
    // The runner makes a step of its own of it.
    fine: ['alter table job add column x int; create index concurrently on job (place)'],
  },
  {
    rule: 'concurrent-index-on-partitioned-table',
    bad: ['create index concurrently on event (tenant_id, day)'],
    fine: ['create index on only event (tenant_id, day)', 'create index concurrently on event_2026 (tenant_id, day)'],
  },
  {
    rule: 'concurrent-index-without-name',
    bad: ['create unique index concurrently on job (tenant_id, place, id)'],
    fine: ['create index concurrently job_place on job (place)', 'create table made (n int); create index on made (n)'],
  },
  {
    rule: 'concurrent-index-without-name',
    options: oneTransaction,
    bad: [],
    fine: ['create index concurrently on job (place)'],
  },
  {
    rule: 'concurrent-index-if-not-exists',
    bad: [],
    fine: ['create index concurrently if not exists job_place on job (place)'],
  },
  {
    rule: 'concurrent-index-if-not-exists',
    options: oneTransaction,
    bad: ['create index concurrently if not exists job_place on job (place)'],
    fine: [
      'create index concurrently job_place on job (place)',
      'create table made (n int); create index if not exists made_n on made (n)',
    ],
  },
  {
    rule: 'enum-value-in-same-transaction',
    options: oneTransaction,
    bad: [
      "alter type stage add value 'left'; alter table job alter column stage set default 'left'",
      "alter type stage add value if not exists 'left' before 'hired'; update job set stage = 'left' where id = 1",
    ],
    fine: [
      "alter type stage add value 'left'; alter type stage add value 'gone' after 'left'; comment on type stage is 'left'",
      // Committed by the step of its own between them.
      "alter type stage add value 'left'; create index concurrently on job (place); alter table job alter column stage set default 'left'",
      "create type mood as enum ('a'); alter type mood add value 'b'; create table made (mood mood default 'b')",
    ],
  },
  {
    rule: 'unread-block',
    bad: ['do $$ begin perform 1; end $$'],
    fine: ['create function f() returns int language plpgsql as $$ begin return 1; end $$'],
  },
  {
    rule: 'several-tables-in-transaction',
    bad: ['alter table job add column x int; alter table note add column x int'],
    fine: [
      'alter table job add column x int; alter table job add column y int',
      'create table made (n int); alter table made add m int; alter table job add column x int',
      'alter table job validate constraint job_code_short; alter table note add column x int',
      'alter table job add column x int; create index concurrently on job (place); alter table note add column x int',
    ],
  },
  {
    rule: 'require-lock-timeout',
    options: oneTransaction,
    bad: ['alter table job add column x int', "alter table job add column x int; set lock_timeout = '1s'"],
    fine: [
      "set local lock_timeout = '2s'; alter table job add column x int",
      'create table made (n int); alter table made add column m int',
    ],
  },
  { rule: 'require-lock-timeout', bad: [], fine: ['alter table job add column x int'] },
  {
    rule: 'identifier-too-long',
    bad: [`create table a${'b'.repeat(63)} (tenant_id text)`, `alter table job add column "${'ü'.repeat(32)}" int`],
    fine: [
      `create table a${'b'.repeat(62)} (tenant_id text)`,
      `select '${'x'.repeat(90)}', $$ ${'y'.repeat(90)} $$ -- ${'z'.repeat(90)}`,
    ],
  },
  {
    rule: 'server-version',
    options: { serverVersion: 17 },
    bad: [
      'alter table job add constraint place_given not null place not valid',
      'alter table job add column wide int generated always as (seats * 2) virtual',
      'alter table job add constraint seated check (seats > 0) not enforced',
      'alter table event add foreign key (tenant_id) references company not valid',
    ],
    fine: [
      'alter table job add constraint seated check (seats > 0) not valid',
      'create table made (n int, m int generated always as (n) stored, check (n > 0))',
      'alter table note add foreign key (tenant_id) references company not valid',
    ],
  },
  {
    rule: 'server-version',
    bad: [],
    fine: [
      'alter table job add constraint place_given not null place not valid',
      'alter table event add foreign key (tenant_id) references company not valid',
    ],
  },
  // Tenants.
  {
    rule: 'classification',
    bad: [
      'create table made (id int primary key)',
      'create table made as select 1 as n',
      'create table made (like company)',
      'create table made as values (1, 2)',
      'create table made (tenant, n) as select tenant_id, id from job',
      'create table made as select * from company',
      'create table made as table company',
      'prepare q as select 1 as n; create table made as execute q',
      'create schema own create table made (id int)',
    ],
    fine: [
      'create table made (tenant_id, n) as values (1, 2)',
      'prepare q as select tenant_id from job; create table made as execute q',
      'create schema own create table made (tenant_id text not null, primary key (tenant_id))',
      'create table made as select * from job_count',
      'create table made (tenant_id text not null, id int, primary key (tenant_id, id))',
      'create table made (id int); alter table made add column tenant_id text not null',
      'create table made (like job including all)',
      'create temporary table made (n int)',
      "create table event_2030 partition of event for values from ('2030-01-01') to ('2031-01-01')",
      'create table made as select * from job',
      'create table _prisma_migrations (id text primary key)',
    ],
  },
  {
    rule: 'classification',
    options: { shared: ['company', 'country'], hidden: ['public.log'] },
    bad: [],
    fine: ['create table country (code text primary key); create table log (n int)'],
  },
  { rule: 'classification', options: schemas, bad: [], fine: ['create table made (id int primary key)'] },
  {
    rule: 'tenant-column',
    bad: [
      'create table made (tenant_id text, id int)',
      'create table made (tenant_id numeric not null)',
      'create table made (tenant_id char(8) not null)',
    ],
    fine: [
      'create table made (tenant_id uuid not null)',
      'create table made (tenant_id text, id int, primary key (tenant_id, id))',
      'create table made (tenant_id bigint); alter table made alter column tenant_id set not null',
      // The first step of one that is there: the rows get their tenant later.
      'alter table company add column tenant_id text',
    ],
  },
  {
    rule: 'tenant-index',
    bad: [
      'create table made (tenant_id text not null, id int primary key)',
      'create table made (tenant_id text not null, id int); create index on made (tenant_id) where id > 7',
      'alter table job drop constraint job_pkey, drop constraint job_slug',
    ],
    fine: [
      'create table made (tenant_id text not null, id int, primary key (tenant_id, id))',
      'create table made (tenant_id text not null, id int); create index on made (tenant_id, id)',
      'alter table job drop constraint job_slug',
    ],
  },
  {
    rule: 'unique-keys',
    bad: [
      'create table made (tenant_id text not null, email text unique)',
      'create unique index concurrently on job (slug)',
      'create table made (tenant_id text not null, code text primary key)',
      'alter table tag add constraint k unique using index tag_name; create unique index concurrently on tag (lower(colour))',
    ],
    fine: [
      'create table made (tenant_id text not null, email text, unique (tenant_id, email))',
      'create table made (tenant_id text not null, id uuid primary key)',
      'create table made (tenant_id text not null, id bigint generated always as identity primary key)',
      'create table made (tenant_id text not null, id serial primary key)',
      'create unique index concurrently on job (tenant_id, place, id)',
      'create table country (code text primary key)',
    ],
  },
  {
    rule: 'foreign-keys',
    bad: [
      'create unique index concurrently on job (id); alter table note add foreign key (job_id) references job (id) not valid',
      'create table made (tenant_id text not null, id uuid primary key); create table part (tenant_id text not null, made_id uuid references made)',
      'create table part (tenant_id text not null, job_id bigint, foreign key (tenant_id, job_id) references job (tenant_id, id) on delete set null)',
    ],
    fine: [
      'create table part (tenant_id text not null references company, job_id bigint, foreign key (tenant_id, job_id) references job on delete cascade)',
      'create table part (tenant_id text not null, job_id bigint, foreign key (tenant_id, job_id) references job (tenant_id, id) on delete set null (job_id))',
      'alter table note add foreign key (job_id, tenant_id) references job (id, tenant_id) not valid',
    ],
  },
  {
    rule: 'foreign-key-index',
    bad: ['create table part (tenant_id text not null, job_id bigint, foreign key (tenant_id, job_id) references job)'],
    fine: [
      'create table part (tenant_id text not null, job_id bigint, foreign key (tenant_id, job_id) references job); create index on part (job_id, tenant_id)',
      'alter table note add foreign key (tenant_id, job_id) references job not valid',
    ],
  },
  {
    rule: 'table-policies',
    options: inFiles,
    bad: [
      'create table made (tenant_id text not null)',
      'create table made (tenant_id text not null); alter table made enable row level security; create policy p on made using (true)',
      'create table made (tenant_id text not null); alter table made enable row level security, force row level security',
    ],
    fine: [
      "create table made (tenant_id text not null); alter table made enable row level security, force row level security; create policy p on made using (tenant_id = current_setting('app.tenant_id', true))",
    ],
  },
  { rule: 'table-policies', bad: [], fine: ['create table made (tenant_id text not null)'] },
  {
    rule: 'policy-condition',
    bad: [
      "create policy p on job using (tenant_id::text = current_setting('app.tenant_id', true))",
      "create policy p on job using (lower(tenant_id) = current_setting('app.tenant_id', true))",
      "create policy p on job using (current_setting('app.bypass', true) = 'on' or tenant_id = current_setting('app.tenant_id', true))",
      "create policy p on job using (true); alter policy p on job with check (tenant_id = current_setting('x', true) or current_user = 'admin')",
    ],
    fine: [
      "create policy p on job using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))",
      "create policy p on job using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::text and (seats > 1 or place = 'x'))",
      'create policy p on job using (true)',
    ],
  },
  {
    rule: 'enabling-before-policy',
    options: inFiles,
    bad: ['alter table job enable row level security'],
    fine: [
      'alter table job enable row level security; create policy p on job using (true)',
      'create table made (tenant_id text not null); alter table made enable row level security',
    ],
  },
  {
    rule: 'views',
    bad: [
      'create view v as select * from job',
      'create view v as select 1 as n where exists (select from note)',
      'create materialized view v as select tenant_id, count(*) from job group by 1',
      'create view v with (security_invoker = off) as select id from job',
      'create view v with (security_invoker) as select id from job; alter view v set (security_invoker = false)',
      'create view v with (security_invoker) as select id from job; alter view v reset (security_invoker)',
      'create view v with (security_invoker) as select id from job; create or replace view v as select id from job',
      'create schema own create view v as select id from public.job',
    ],
    fine: [
      'create view v with (security_invoker) as select * from job',
      'create view v with (security_barrier) as select * from company; alter view v set (security_invoker = off)',
      'create view v as select * from job; alter view v set (security_invoker = on)',
      'create view v as select * from company',
      'create view v as with job as (select 1 as n) select * from job',
      'create view v as select name from pg_catalog.pg_settings',
    ],
  },
  {
    rule: 'security-definer',
    bad: [
      "create function f() returns int language sql security definer as 'select 1'",
      "create function f() returns int language sql as 'select 1'; alter function f() security definer",
    ],
    fine: ["create function f() returns int language sql as 'select 1'"],
  },
  {
    rule: 'table-privileges',
    bad: [
      'grant all on job to lint_reader',
      'grant select, truncate on job to lint_reader',
      'alter default privileges grant all on tables to lint_reader',
      'grant all on all tables in schema public to lint_reader',
    ],
    fine: [
      'grant select, insert, update, delete on job to lint_reader',
      'grant all on company to lint_reader',
      'grant usage on schema public to lint_reader',
      'revoke all on job from lint_reader',
    ],
  },
  {
    rule: 'public-tables',
    bad: ['grant select on job to public', 'alter default privileges grant select on tables to public'],
    fine: [
      'grant select on job to lint_reader',
      'revoke all on job from public',
      'grant usage on schema public to public',
    ],
  },
  {
    rule: 'leakproof-indexes',
    bad: [
      'create index concurrently on job (stage, id)',
      'create index concurrently on job (lower(place))',
      'create index concurrently on job using gin (doc)',
      'create index concurrently on job (salary)',
    ],
    fine: [
      'create index concurrently on job (tenant_id, stage)',
      'create index concurrently on job (place)',
      'create index concurrently on company (lower(name))',
      'create index concurrently on job (at)',
    ],
  },
  {
    rule: 'owner-backfill',
    bad: [
      "update job set place = 'x' where id = 7",
      "merge into job using company c on job.tenant_id = c.id and job.id = 7 when matched then update set place = 'x'",
    ],
    fine: [
      'merge into job using company c on job.tenant_id = c.id when not matched then insert (tenant_id, id, slug) values (c.id, 1, c.id)',
      "merge into company using company c on company.id = c.id when matched then update set name = 'x'",
      "update company set name = 'x' where id = 'c1'",
      "create table made (tenant_id text not null); delete from made where tenant_id = 'x'",
    ],
  },
  {
    rule: 'owner-backfill',
    options: inFiles,
    bad: ["alter table job force row level security; update job set place = 'x' where id = 7"],
    fine: ["update job set place = 'x' where id = 7"],
  },
  {
    rule: 'owner-backfill',
    bad: [
      'with gone as (delete from note where id = 7 returning id) select count(*) from gone',
      'explain analyze delete from note where id = 7',
    ],
    fine: [
      "with changed as (update company set name = 'x' where id = 'c1' returning id) select * from changed",
      'explain delete from note',
    ],
  },
  {
    rule: 'row-security-off',
    bad: [
      'alter table job disable row level security',
      'alter table job no force row level security',
      'alter table job disable row level security, no force row level security',
      'alter table job disable row level security; drop table note',
      'alter table job disable row level security; create index concurrently on job (place); alter table job enable row level security',
      'create table made (tenant_id text not null, primary key (tenant_id)); alter table made disable row level security',
      'create table whose as select * from job_count; alter table whose disable row level security',
      'set row_security = off',
      "select set_config('row_security', 'off', false)",
      "select pg_catalog.set_config('row_security', lower('OFF'), true)",
      'create function f() returns int language sql set row_security = off as $$ select 1 $$',
      'alter role lint_reader set row_security = off',
      'alter database postgres set row_security to off',
    ],
    fine: [
      'alter table company disable row level security',
      'alter table job enable row level security, force row level security',
      'alter table job disable row level security; alter table job add column x int; alter table job enable row level security',
      'alter table job no force row level security; alter table job rename to position; alter table position force row level security',
      'alter table tag disable row level security; drop table tag',
      'create temporary table made (tenant_id text); alter table made disable row level security',
      'set row_security = on',
      'reset row_security',
      'alter role lint_reader set row_security = on',
      'alter role lint_reader reset all',
      "select set_config('row_security', 'on', true)",
    ],
  },
  {
    rule: 'row-security-off',
    options: schemas,
    bad: [],
    fine: ['alter table job disable row level security', 'set row_security = off'],
  },
  {
    rule: 'dropping-policy',
    bad: [
      'create policy own on job using (seats > 1); drop policy own on job',
      'drop policy if exists tenant on note',
      'create policy own on note using (true); drop policy if exists own on job',
      'drop policy if exists own on job; create index concurrently on job (place); create policy own on job using (seats > 1)',
    ],
    fine: [
      'drop policy if exists tenant on company',
      'drop policy if exists own on job; create policy own on job using (seats > 1)',
      'create policy fresh on job using (seats > 1); drop policy if exists own on job',
      "create policy own on tag using (name <> ''); drop policy own on tag; drop table tag",
      'alter table job disable row level security',
    ],
  },
  {
    rule: 'open-policy',
    bad: [
      'create policy own on job using (true)',
      "create policy own on job for insert with check ('t'::bool)",
      "create policy own on job using (tenant_id = current_setting('app.tenant_id', true)) with check (1 = 1)",
      'create policy own on job using (tenant_id is not null)',
      'create policy own on job using (tenant_id = tenant_id and true)',
      'create policy own on job using (false); alter policy own on job using (true)',
      "create policy own on job to lint_reader using (tenant_id = current_setting('app.tenant_id', true)); create policy all_of_it on note to lint_reader using (true)",
      'create table whose as select * from job_count; create policy own on whose using (true)',
      'create policy own on job using (2 > 1)',
      'create policy own on job using (case when true then true else false end)',
      "create policy own on job using (place = 'Bern')",
      "create policy own on job using (place = current_setting('app.tenant_id', true))",
      "create policy own on job using (tenant_id = 'c1')",
      "create policy own on job using (tenant_id in (current_setting('app.tenant_id', true), 'c1'))",
      "create policy own on job using (tenant_id <> current_setting('app.tenant_id', true))",
      "create policy own on job using (tenant_id like current_setting('app.tenant_id', true) || '%')",
      "create policy own on job using (tenant_id = coalesce(nullif(current_setting('app.tenant_id', true), ''), tenant_id))",
      "create policy own on job using (current_setting('app.tenant_id', true) is not null)",
      'create policy own on job using (tenant_id in (select id from company))',
      // `tenant_id` is that of the row, since company has none.
      "create policy own on job using (tenant_id in (select tenant_id from company where name = current_setting('app.name', true)))",
      "create policy own on job using (current_setting('app.bypass', true) = 'on')",
      'create policy own on job to lint_reader using (tenant_id = tenant_id)',
      "create policy own on job to lint_reader using (tenant_id = current_setting('app.tenant_id', true)); create policy more on job to lint_reader using (seats > 1)",
      'create policy own on job to lint_reader using (true); alter policy own on job to public',
      "create policy own on job as restrictive using (tenant_id = current_setting('app.tenant_id', true)); alter policy own on job using (seats > 1)",
    ],
    fine: [
      // As Prisma, PostgREST, Supabase and Atlas write them.
      "create policy own on job using (tenant_id = current_setting('app.current_company_id', true)::text)",
      "create policy own on job using (tenant_id = (current_setting('request.jwt.claims', true)::json ->> 'tenant_id'))",
      "create policy own on job using (tenant_id = (select current_setting('request.jwt.claims', true)::jsonb -> 'app_metadata' ->> 'tenant_id'))",
      'create policy own on job using (tenant_id = current_user)',
      'create policy own on job for select to public using (tenant_id in (select id from company where name = current_user))',
      "create policy own on job using (exists (select 1 from company c where c.id = job.tenant_id and c.name = current_setting('app.name', true)))",
      "create policy own on job as permissive for all to public using (tenant_id = any (string_to_array(current_setting('app.tenants', true), ',')))",
      "create policy own on job using (tenant_id is null or tenant_id = current_setting('app.tenant_id', true))",
      'create policy own on job using (tenant_id in (select tenant_id from note))',
      "create policy own on job using (true); create policy narrow on job as restrictive using (tenant_id = current_setting('app.tenant_id', true))",
      "create policy of_one on job to lint_reader using (tenant_id = 'c1'); create policy of_one on note to lint_reader using (tenant_id = 'c1')",
      'create policy own on company using (true)',
      "create policy own on job using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))",
      'create policy own on job using (false)',
      'create policy own on job as restrictive using (true)',
      'create policy own on job for delete using (1 = 2)',
      // Who sees all has a role of its own.
      'create policy maintenance on job to lint_reader using (true)',
      'create policy maintenance on job to lint_reader using (false); alter policy maintenance on job using (true)',
    ],
  },
  {
    rule: 'open-policy',
    options: inFiles,
    bad: [
      'alter table job enable row level security; create policy own on job using (true)',
      'create table made (tenant_id text not null); create policy own on made using (true)',
    ],
    // O30: the first step on a table that was open before.
    fine: ['create policy own on job using (true); alter table job enable row level security'],
  },
  {
    rule: 'bypassing-role',
    bad: [
      'create role someone bypassrls',
      'create user someone with superuser login',
      'alter role lint_reader bypassrls',
    ],
    fine: [
      'create role someone login',
      'create role someone nobypassrls nosuperuser',
      'alter role lint_reader with nobypassrls',
    ],
  },
  {
    rule: 'changing-owner',
    bad: ['alter table job owner to lint_reader', 'reassign owned by lint_reader to current_user'],
    fine: [
      'alter table company owner to lint_reader',
      'alter table tag owner to lint_reader; drop table tag',
      'create view v with (security_invoker) as select 1 as n; alter view v owner to lint_reader',
    ],
  },
  {
    rule: 'dropping-schema',
    bad: ['drop schema if exists old cascade', 'create schema made; drop schema if exists old, made cascade'],
    fine: [
      'create schema made; drop schema made cascade',
      'create schema made; drop schema made',
      'drop table if exists old.job cascade',
    ],
  },
  { rule: 'dropping-schema', options: schemas, bad: [], fine: ['drop schema if exists old cascade'] },
  {
    rule: 'copied-rows',
    bad: [
      'create table made as select * from job',
      'create table made as select count(*) as jobs from job',
      'select tenant_id, title into made from job',
      'create view v with (security_invoker) as select * from job; create table made as select * from v',
      'create table made as with kept as (select * from job) select * from kept',
      'explain analyze create table made as select * from job',
      'create table made as select * from tag; drop table tag; alter table made rename to tag',
      'prepare q as select * from job; create table made as execute q',
    ],
    fine: [
      'prepare q as select * from company; create table made as execute q',
      'create table made as select * from company',
      'create temporary table made as select * from job',
      'select * into temporary made from job',
      'create table made as select * from job with no data',
      'create table made as select * from job; drop table made',
      'create table job_count_2 as with job as (select 1 as n) select * from job',
      'create table made (like job including all)',
    ],
  },
  {
    rule: 'copied-rows',
    options: inFiles,
    bad: ['create table made as select * from job; alter table made enable row level security'],
    fine: [
      "create table made as select * from job; alter table made enable row level security, force row level security; create policy own on made using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))",
    ],
  },
  { rule: 'copied-rows', options: { hidden: ['made'] }, bad: [], fine: ['create table made as select * from job'] },
  {
    rule: 'copied-rows',
    options: { shared: ['company', 'made'] },
    bad: ['create table made as select * from job'],
    fine: ['create table made as select * from company'],
  },
  {
    rule: 'merged-tenants',
    bad: [
      'merge into job using note on job.id = note.job_id when matched then update set seats = 1',
      'merge into job as j using (select * from note where id = 7) n on j.id = n.job_id when not matched then insert (tenant_id, id, slug) values (n.tenant_id, n.job_id, n.body)',
      'create view v with (security_invoker) as select * from note; merge into job using v on job.id = v.job_id when matched then delete',
    ],
    fine: [
      'merge into job using note on job.tenant_id = note.tenant_id and job.id = note.job_id when matched then update set seats = 1',
      'merge into job using note using_note on (using_note.tenant_id, using_note.job_id) = (job.tenant_id, job.id) when matched then delete',
      'merge into job using company c on job.slug = c.name when matched then update set seats = 1',
      'merge into company using job on company.id = job.slug when matched then delete',
      'merge into job using note on true when matched then do nothing',
      'create temporary table staged (id bigint); merge into job using staged on job.id = staged.id when matched then delete',
    ],
  },
  // Targets.
  {
    rule: 'extension-in-tenant-migration',
    options: schemas,
    bad: ['create extension if not exists citext'],
    fine: ['create table made (n int)'],
  },
  { rule: 'extension-in-tenant-migration', bad: [], fine: ['create extension if not exists citext'] },
  {
    rule: 'foreign-schema',
    options: schemas,
    bad: [
      'create type "public"."mood" as enum (\'a\')',
      'alter table public.job add column x int',
      'create table made (t text, n bigint, foreign key (t, n) references public.note (tenant_id, id))',
      'create table made (mood public.stage)',
      "create function public.f() returns int language sql as 'select 1'",
      'drop table public.note',
      'create view v as select * from public.job',
      'select public.f()',
    ],
    fine: [
      "create table made (t text, n bigint, foreign key (t, n) references job (tenant_id, id), m text default pg_catalog.lower('A'))",
      'create table made (company_id text references public.company)',
      "create type mood as enum ('a')",
    ],
  },
  {
    rule: 'search-path',
    options: schemas,
    bad: [
      'set search_path = a, public',
      "select set_config('search_path', 'a', false)",
      "create function f() returns int language sql set search_path from current as 'select 1'",
      "do $$ begin perform 1; end $$; insert into company select set_config('search_path', 'a', true)",
    ],
    fine: ["set lock_timeout = '1s'", "select set_config('app.x', 'a', false)"],
  },
  {
    rule: 'schema-statement',
    options: schemas,
    bad: [
      'create schema x',
      'drop schema if exists x',
      'create schema if not exists "public"',
      'create schema x; alter schema x owner to lint_reader',
    ],
    fine: ['create table made (n int)'],
  },
  {
    rule: 'sequence-name-as-text',
    options: schemas,
    bad: [
      "create table made (n bigint default nextval('public.numbers'))",
      "create table made (n bigint default nextval('numbers'::text))",
    ],
    fine: ["create table made (n bigint default nextval('numbers'))", "select lower('a.b')"],
  },
  {
    rule: 'cluster-wide-statement',
    options: schemas,
    bad: [
      'create role someone',
      'create publication p',
      "alter system set work_mem = '8MB'",
      'listen news',
      'prepare planned as select 1',
      'discard temp',
      'declare kept cursor with hold for select 1',
      'grant usage on schema public to lint_reader',
    ],
    fine: [
      'create table made (n int)',
      'declare kept cursor for select 1; close kept',
      'comment on table job is $$x$$',
      // Other rules are about these.
      'create schema x',
      'drop database if exists nothing_of_that_name',
    ],
  },
  {
    rule: 'cluster-wide-statement',
    options: { strategy: 'databases' },
    bad: ['create role someone', 'grant pg_monitor to lint_reader'],
    fine: ['create publication p', 'listen news'],
  },
  // Style, off by default.
  {
    rule: 'prefer-text-field',
    options: on('prefer-text-field'),
    bad: ['create table made (tenant_id text, a varchar(9))', 'alter table job add column a varchar(9)'],
    fine: ['create table made (a text, b varchar)'],
  },
  {
    rule: 'ban-char-field',
    options: on('ban-char-field'),
    bad: ['create table made (a char(2))'],
    fine: ['create table made (a text, b "char")'],
  },
  {
    rule: 'prefer-timestamptz',
    options: on('prefer-timestamptz'),
    bad: ['create table made (a timestamp)', 'alter table job add column a timestamp(3)'],
    fine: ['create table made (a timestamptz)'],
  },
  {
    rule: 'prefer-bigint-over-int',
    options: on('prefer-bigint-over-int'),
    bad: ['create table made (id int primary key)', 'create table made (id serial, primary key (id))'],
    fine: ['create table made (id bigint primary key, n int)'],
  },
  {
    rule: 'prefer-identity',
    options: on('prefer-identity'),
    bad: ['create table made (id bigserial primary key)'],
    fine: ['create table made (id bigint generated always as identity primary key)'],
  },
  {
    rule: 'ban-create-domain-with-constraint',
    options: on('ban-create-domain-with-constraint'),
    bad: ['create domain small as int check (value < 9)'],
    fine: ['create domain small as int'],
  },
];
