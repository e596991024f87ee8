import type { PlaceKind, TenantPlacesOptions } from '../../src/tenants.js';

/** Places that a tenant's rows are moved to, one after the other, from beside others' on `main`. */
type Way = readonly (readonly [server: string, kind: PlaceKind])[];

/** Tables as applications have them, with rows, and what is done to them while they are moved. */
export interface MoveInput {
  readonly title: string;
  readonly tables: string;
  /** Statements of the tenant: rows before the move, and what is written after they were copied. */
  readonly rows: string;
  readonly changes?: string;
  readonly tenant?: string;
  readonly policies?: TenantPlacesOptions['policies'];
  /** True where both servers must be of the newest version. */
  readonly isNew?: true;
  readonly way?: Way;
  /** Says why it is not moved to the first place; all others go through. */
  readonly refused?: RegExp;
}

export const EVERYWHERE: Way = [
  ['eu2', 'rows'],
  ['main', 'schema'],
  ['eu2', 'database'],
  ['main', 'rows'],
];

export const OWN = `tenant_id text not null default current_setting('app.tenant_id')`;
const table = (columns: string, name = 'job', key = 'id') =>
  `create table ${name} (${OWN}, ${columns}, primary key (tenant_id, ${key}));`;

const tenants = (type: string, tenant: string): MoveInput => ({
  title: `a tenant ${JSON.stringify(tenant)} in a column of ${type}`,
  tables: `create table job (tenant_id ${type} not null default current_setting('app.tenant_id')::${type}, id int, note text, primary key (tenant_id, id));`,
  rows: `insert into job (id, note) values (1, 'one'), (2, 'two')`,
  changes: `update job set note = 'changed' where id = 1; insert into job (id) values (3) on conflict do nothing`,
  tenant,
});

const two = `insert into job (id) values (1), (2), (3)`;
const changed = 'update job set note = $$changed$$ where id = 1; delete from job where id = 2';

export const INPUTS: readonly MoveInput[] = [
  {
    title: 'generated columns that are stored',
    tables: table('id int, a int, twice int generated always as (a * 2) stored, note text'),
    rows: 'insert into job (id, a) values (1, 1), (2, 2)',
    changes: 'update job set a = 7 where id = 1',
  },
  {
    title: 'generated columns that are virtual',
    tables: table('id int, a int, twice int generated always as (a * 2) virtual, note text'),
    rows: 'insert into job (id, a) values (1, 1), (2, 2)',
    changes: 'update job set a = 7 where id = 1',
    isNew: true,
  },
  {
    title: 'an identity that is always generated',
    tables: table('id bigint generated always as identity (start 5 increment 3), note text'),
    rows: `insert into job (note) values ('a'), ('b')`,
    changes: `insert into job (note) values ('c'); update job set note = 'x' where id = 5`,
  },
  {
    title: 'partitions of ranges, of lists in them, and one whose columns stand in another order',
    tables: `create table job (${OWN}, day date, kind text, note text, primary key (tenant_id, day, kind)) partition by range (day);
      create table job_1 partition of job for values from ('2026-01-01') to ('2026-07-01') partition by list (kind);
      create table job_1a partition of job_1 for values in ('a'); create table job_1b partition of job_1 default;
      create table job_2 (note text, kind text not null, gone int, day date not null, ${OWN}); alter table job_2 drop column gone;
      alter table job attach partition job_2 for values from ('2026-07-01') to ('2027-01-01');`,
    rows: `insert into job (day, kind, note) select '2026-06-28'::date + n, k, 'n' || n from generate_series(1, 9) n, unnest(array['a', 'b']) k`,
    changes: `update job set day = '2026-08-08' where day = '2026-06-30'; delete from job_2 where kind = 'b' and note = 'n8'; update job set kind = 'c' where note = 'n1' and kind = 'b'`,
  },
  {
    title: 'partitions by hash of the tenant',
    tables: `create table job (${OWN}, id int, note text, primary key (tenant_id, id)) partition by hash (tenant_id);
      create table job_0 partition of job for values with (modulus 2, remainder 0); create table job_1 partition of job for values with (modulus 2, remainder 1);`,
    rows: two,
    changes: changed,
  },
  {
    title: 'a partition that was emptied',
    tables: `create table job (${OWN}, id int, note text, primary key (tenant_id, id)) partition by range (id);
      create table job_0 partition of job for values from (0) to (2); create table job_1 partition of job default;`,
    rows: two,
    changes: 'truncate job_1; insert into job (id) values (7) on conflict do nothing',
    way: [
      ['main', 'schema'],
      ['eu2', 'database'],
    ],
  },
  {
    title: 'an exclusion constraint',
    tables: table(
      'id int, during tstzrange, note text, exclude using gist (during with &&) where (during is not null)',
    ),
    rows: `insert into job (id, during) values (1, '[2026-01-01, 2026-01-02)'), (2, '[2026-01-02, 2026-01-03)')`,
    changes: `update job set during = during + '[2026-01-01, 2026-01-01 01:00)'::tstzrange where id = 1; insert into job (id, during) values (3, '[2026-02-01,)') on conflict do nothing`,
  },
  {
    title: 'an unlogged table',
    tables: table('id int, note text').replace('create', 'create unlogged'),
    rows: two,
    changes: changed,
  },
  {
    title: 'unique keys whose rows swap their values',
    tables: table('id int, place int not null, note text, unique (tenant_id, place)'),
    rows: 'insert into job (id, place) values (1, 1), (2, 2), (3, 3)',
    changes: `update job set place = -1 where id = 1; update job set place = 1 where id = 2; update job set place = 2 where id = 1; delete from job where id = 3; insert into job (id, place) values (4, 3) on conflict do nothing`,
  },
  {
    title: 'a deferrable unique key with the tenant in it',
    tables: table('id int, place int not null, note text, unique (tenant_id, place) deferrable initially deferred'),
    rows: 'insert into job (id, place) values (1, 1), (2, 2)',
    changes: 'update job set place = 3 - place',
  },
  {
    title: 'a deferrable unique key without the tenant',
    tables: table('id int, place int not null, note text, constraint one_place unique (place) deferrable'),
    rows: 'insert into job (id, place) values (1, 1), (2, 2)',
    changes: 'update job set place = 3 - place',
    refused: /"one_place" of job is deferrable and without the tenant/,
    way: [
      ['eu2', 'rows'],
      ['main', 'schema'],
    ],
  },
  {
    title: 'a table that inherits from another one',
    tables: `${table('id int, note text')} create table late_job (late int, primary key (tenant_id, id)) inherits (job);`,
    rows: `insert into job (id) values (1); insert into late_job (id, late) values (2, 2)`,
    refused: /late_job.*inherits/s,
    way: [['main', 'schema']],
  },
  {
    title: 'a table without a key',
    tables: `create table job (${OWN}, id int, note text);`,
    rows: two,
    refused: /no primary key/,
    way: [['main', 'schema']],
  },
  {
    title: 'a table whose key is the tenant alone',
    tables: `create table job (${OWN} primary key, note text);`,
    rows: `insert into job (note) values ('of this one')`,
    changes: `update job set note = 'changed'`,
  },
  {
    title: 'a large object',
    tables: table('id int, scan oid, note text'),
    rows: `insert into job (id, scan) values (1, lo_from_bytea(0, 'a scan'))`,
    refused: /large object/,
    way: [['eu2', 'rows']],
  },
  {
    title: 'a number of type oid that is no large object',
    tables: table('id int, v oid, note text'),
    rows: 'insert into job (id, v) values (1, 4294967295), (2, 0)',
    changes: changed,
  },
  {
    title: 'names of tables of the application in a column of regclass',
    tables: table('id int, v regclass, note text'),
    rows: `insert into job (id, v) values (1, 'job')`,
    refused: /"v" of .*job.*regclass/s,
    way: [['eu2', 'rows']],
  },
  {
    title: 'lists of functions of the application in a column of regproc[]',
    tables: `create function mine() returns int language sql as 'select 1'; ${table('id int, v regproc[], note text')}`,
    rows: `insert into job (id, v) values (1, array['mine'::regproc])`,
    refused: /"v" of .*job.*regproc/s,
    way: [['eu2', 'rows']],
  },
  {
    title: 'rows that a check lets through, since it is not valid',
    tables: `${table('id int, note text')} insert into job values ('a', 1, 'bad'); alter table job add constraint good check (note <> 'bad') not valid;`,
    rows: 'insert into job (id) values (2)',
    refused: /"good" of .*job.*NOT VALID/s,
    way: [['main', 'schema']],
  },
  {
    title: 'a column that is called r, and others by words of SQL',
    tables: table(
      'id int, r int, t text, p int, k int, key text, place text, "select" text, "Camel Case" text, "a""b" text, "tenant id" text',
    ),
    rows: `insert into job (id, r, t, "Camel Case", "a""b") values (1, 1, 'a', 'B', 'c'), (2, 1, 'a', 'B', 'c')`,
    changes: `update job set "a""b" = 'changed', key = 'k', place = 'p' where id = 1`,
  },
  {
    title: 'tables whose names are written in quotes',
    tables: `${table('"The Id" int, note text', '"The ""Job"""', '"The Id"')} create table "Ünïcode" (${OWN}, id int, job int, primary key (tenant_id, id), foreign key (tenant_id, job) references "The ""Job""");`,
    rows: `insert into "The ""Job""" ("The Id") values (1), (2); insert into "Ünïcode" (id, job) values (1, 1)`,
    changes: `update "The ""Job""" set note = 'x' where "The Id" = 1; insert into "Ünïcode" (id, job) values (2, 2) on conflict do nothing`,
  },
  {
    title: 'tables of the same name in two schemas',
    tables: `${table('id int generated always as identity, note text')} create schema crm; ${table('id int generated always as identity, note text', 'crm.job')}`,
    rows: `insert into job (note) values ('public 1'), ('public 2'); insert into crm.job (note) values ('crm 1'), ('crm 2'), ('crm 3')`,
    changes: `update job set note = 'public' where id = 1; delete from crm.job where note = 'crm 1'; insert into crm.job (note) values ('crm 4')`,
    policies: { schemas: ['public', 'crm'] },
    way: [
      ['eu2', 'rows'],
      ['main', 'database'],
      ['main', 'rows'],
    ],
  },
  {
    title: 'types of the application: enum, domain, composite, range, and lists of them',
    tables: `create type mood as enum ('glad', 'sad', 'it''s'); create domain percent as int check (value between 0 and 100); create type address as (street text, no int, mood mood);
      create type during as range (subtype = timestamptz); create domain moods as mood[];
      ${table('id int, m mood, ms mood[], p percent, a address, "as" address[], d during, ds moods, note text')}`,
    rows: `insert into job (id, m, ms, p, a, "as", d, ds) values (1, 'it''s', array['sad', null]::mood[], 7, row('a "b", \\c', 1, 'sad'), array[row(null, 2, null)::address], during('2026-01-01', null), array['glad']::mood[])`,
    changes: `update job set m = 'glad', a.no = 8; insert into job (id, ms) values (2, '{}') on conflict do nothing`,
  },
  {
    title: 'a type whose name is written in quotes, with a dot in it',
    tables: `create type "My.Mood" as enum ('glad'); ${table('id int, m "My.Mood", ms "My.Mood"[], note text')}`,
    rows: `insert into job (id, m) values (1, 'glad')`,
    changes: `insert into job (id, ms) values (2, array['glad']::"My.Mood"[]) on conflict do nothing`,
  },
  {
    title: 'a value of 100 kB that stays beside one that changes',
    tables: table('id int, long text, note text'),
    rows: `insert into job (id, long) select n, (select string_agg(md5(i::text || n), '') from generate_series(1, 3200) i) from generate_series(1, 5) n`,
    changes: changed,
  },
  {
    title: 'rules, and a trigger that writes into another table',
    tables: `${table('id int, note text')} ${table('id int generated always as identity, job int', 'seen')}
      create function see() returns trigger language plpgsql as $$ begin insert into seen (tenant_id, job) values (new.tenant_id, new.id); return null; end $$;
      create trigger see after insert or update on job for each row execute function see(); create rule kept as on delete to seen do instead nothing;`,
    rows: two,
    changes: changed,
  },
  {
    title: 'foreign keys on delete cascade and set null, to itself and to others',
    tables: `${table('id int, parent int, note text, foreign key (tenant_id, parent) references job on delete cascade')}
      create table item (${OWN}, id int, job int, primary key (tenant_id, id), foreign key (tenant_id, job) references job on delete set null (job));`,
    rows: `insert into job (id, parent) values (1, null), (2, 1), (3, 2), (4, null); insert into item (id, job) values (1, 3), (2, 4)`,
    changes: `delete from job where id = 2; update job set id = 44 where id = 1; insert into item (id, job) values (3, 44) on conflict do nothing`,
  },
  tenants('text', 'o\'hara \\ "x" $1 ünï'),
  tenants('uuid', '0b0e7e1a-6f0d-4a52-9a3e-5c6f3c1d2e3f'),
  tenants('bigint', '9007199254740993'),
  tenants('varchar(20)', 'Acme-1'),
  tenants('integer', '42'),
];
