/** The harm of a statement while others work: a new copy of the table, a read of every row under a lock, or the lock alone. */
export type Harm = 'rewrites' | 'reads under a lock' | 'locks';

export interface LockCase {
  readonly rule: string;
  /** Migrations that the rule finds something in, and what else of each is there when its safe form runs. */
  readonly bad: readonly (readonly [sql: string, harm: Harm, beforeTheFix?: string])[];
  /** Migrations that are near to those and that it leaves alone. */
  readonly fine: readonly string[];
}

/** Rules about locks, with migrations over the tables of `hiring.ts`. */
export const lockCases: readonly LockCase[] = [
  {
    rule: 'adding-field-with-default',
    bad: [
      ['alter table job add column key uuid not null default gen_random_uuid()', 'rewrites'],
      ['alter table job add column lot float8 default random() * 10', 'rewrites'],
      ['alter table job add column made timestamptz default clock_timestamp()', 'rewrites'],
      [
        'create function own() returns int language plpgsql as $$ begin return 1; end $$; alter table job add column own int default own()',
        'rewrites',
        'create function own() returns int language plpgsql as $$ begin return 1; end $$',
      ],
    ],
    fine: [
      "alter table job add column open boolean not null default true, add column made timestamptz not null default now() + interval '1 day'",
      "alter table job add column made_by text default current_user, add column day date default current_date, add column words text[] default array['a']",
      "alter table job add column tenant text default lower(coalesce(current_setting('app.x', true), '')), add column none uuid default null",
      'create function own() returns int language sql stable as $$ select 1 $$; alter table job add column own int default own()',
      'create table made (tenant_id text not null, id int, primary key (tenant_id, id)); alter table made add column key uuid default gen_random_uuid()',
      'alter table job alter column seats set default random()',
    ],
  },
  {
    rule: 'adding-serial-field',
    bad: [
      ['alter table job add column number serial', 'rewrites'],
      ['alter table job add column number bigint generated always as identity', 'rewrites'],
    ],
    fine: [
      'alter table job add column number bigint',
      'create table made (tenant_id text, number serial); alter table made add column other bigserial',
    ],
  },
  {
    rule: 'adding-generated-field',
    bad: [['alter table job add column wide int generated always as (seats * 2) stored', 'rewrites']],
    fine: [
      'alter table job add column wide int generated always as (seats * 2) virtual',
      'alter table job add column wide int',
    ],
  },
  {
    rule: 'adding-field-with-domain',
    bad: [['alter table job add column rank positive', 'rewrites']],
    fine: ['alter table job add column rank int', 'create domain word as text; alter table job add column word word'],
  },
  {
    rule: 'adding-not-nullable-field',
    bad: [
      ['alter table job alter column place set not null', 'reads under a lock'],
      ['alter table job add constraint place_given not null place', 'reads under a lock'],
      [
        'alter table job drop constraint job_code_known; alter table job alter column code set not null',
        'reads under a lock',
      ],
      ['alter table tag add primary key using index tag_colour', 'reads under a lock'],
    ],
    fine: [
      // Said by a valid check, by NOT NULL itself, or only from now on.
      'alter table job alter column code set not null',
      'alter table job alter column slug set not null',
      'alter table job add constraint place_given not null place not valid',
      'alter table tag add primary key using index tag_name',
      'create table made (tenant_id text, place text); alter table made alter column place set not null',
    ],
  },
  {
    rule: 'changing-column-type',
    bad: [
      ['alter table job alter column seats type bigint', 'rewrites'],
      ['alter table job alter column title type varchar(20)', 'rewrites'],
      ['alter table job alter column salary type numeric(9, 3)', 'rewrites'],
      ["alter table job alter column place type text using place || ''", 'rewrites'],
      ["set local timezone = 'Europe/Zurich'; alter table job alter column seen type timestamptz", 'rewrites'],
      ['alter table job alter column code type varchar', 'reads under a lock'],
    ],
    fine: [
      'alter table job alter column title type varchar(80)',
      'alter table job alter column title type text',
      'alter table job alter column salary type numeric(12, 2), alter column at type timestamptz(6)',
      'alter table job alter column salary type numeric using salary::numeric',
      'create table made (tenant_id text, n int); alter table made alter column n type bigint',
    ],
  },
  {
    rule: 'disallowed-unique-constraint',
    bad: [
      ['alter table job add unique (tenant_id, place, id)', 'reads under a lock'],
      ['alter table tag add constraint tag_pk primary key (tenant_id, name)', 'reads under a lock'],
      ['alter table job add column key int unique', 'reads under a lock'],
    ],
    fine: [
      'alter table tag add constraint tag_pk primary key using index tag_name',
      'create table made (tenant_id text, n int unique); alter table made add primary key (tenant_id, n)',
    ],
  },
  {
    rule: 'adding-foreign-key-constraint',
    bad: [
      ['alter table note add foreign key (tenant_id, job_id) references job (tenant_id, id)', 'reads under a lock'],
      [
        'alter table note add column place text default null, add constraint of_company foreign key (tenant_id) references company',
        'reads under a lock',
      ],
      ["alter table note add column owner text default 'c1' references company (id)", 'reads under a lock'],
      [
        'create table made (tenant_id text, id int, primary key (tenant_id, id)); alter table note add column made_id int; alter table note add foreign key (tenant_id, made_id) references made',
        'reads under a lock',
        'create table made (tenant_id text, id int, primary key (tenant_id, id)); alter table note add column made_id int',
      ],
    ],
    fine: [
      'alter table note add foreign key (tenant_id, job_id) references job (tenant_id, id) not valid',
      // A new column has nothing to look up, and a new table has no rows.
      'alter table note add column owner text references company (id)',
      'create table made (tenant_id text not null, job_id bigint); alter table made add foreign key (tenant_id, job_id) references job (tenant_id, id)',
    ],
  },
  {
    rule: 'constraint-missing-not-valid',
    bad: [
      ['alter table job add constraint seated check (seats > 0)', 'reads under a lock'],
      ['alter table job add column rank int check (rank > 0)', 'reads under a lock'],
    ],
    fine: [
      'alter table job add constraint seated check (seats > 0) not valid',
      'alter table job add constraint seated check (seats > 0) not enforced',
      'create table made (n int check (n > 0)); alter table made add check (n < 9)',
    ],
  },
  {
    rule: 'validating-in-same-transaction',
    bad: [
      [
        'alter table job add constraint seated check (seats > 0) not valid; alter table job validate constraint seated',
        'reads under a lock',
        'alter table job add constraint seated check (seats > 0) not valid',
      ],
      [
        'alter table job add constraint seated check (seats > 0) not valid, validate constraint seated',
        'reads under a lock',
        'alter table job add constraint seated check (seats > 0) not valid',
      ],
    ],
    fine: [
      'create table made (n int); alter table made add constraint c check (n > 0) not valid; alter table made validate constraint c',
    ],
  },
  {
    rule: 'require-concurrent-index-creation',
    bad: [
      ['create index on job (place)', 'reads under a lock'],
      ['create unique index if not exists job_place on job (tenant_id, place, id)', 'reads under a lock'],
    ],
    fine: [
      'create index concurrently on job (place)',
      'create table made (tenant_id text, n int); create index on made (n); create index on made (tenant_id, n)',
      'create index on only event (day)',
      'create temporary table t as select 1 as n; create index on t (n)',
    ],
  },
  {
    rule: 'require-concurrent-index-deletion',
    bad: [['drop index note_body', 'locks']],
    fine: [
      'drop index concurrently note_body',
      'create table made (tenant_id text, n int); create index made_n on made (n); drop index made_n',
    ],
  },
  {
    rule: 'require-concurrent-reindex',
    bad: [
      ['reindex table note', 'reads under a lock'],
      ['reindex index note_body', 'reads under a lock'],
    ],
    fine: ['reindex table concurrently note', 'reindex (concurrently, verbose) index note_body'],
  },
  {
    rule: 'require-concurrent-refresh',
    bad: [['refresh materialized view job_count', 'locks', 'create unique index on job_count (jobs)']],
    fine: [
      'create unique index on job_count (jobs); refresh materialized view concurrently job_count',
      'create materialized view made as select 1 as n with no data; refresh materialized view made',
    ],
  },
  {
    rule: 'require-concurrent-partition-detach',
    bad: [['alter table event detach partition event_2026', 'locks']],
    fine: ['alter table event detach partition event_2026 concurrently'],
  },
  {
    rule: 'rewriting-table',
    bad: [
      ['vacuum full note', 'rewrites'],
      ['vacuum (full, analyze) note', 'rewrites'],
      ['cluster note using note_job', 'rewrites'],
      ['alter table note set unlogged', 'rewrites'],
    ],
    fine: [
      'vacuum note',
      'vacuum (analyze, full off) note',
      'create table made (n int); alter table made set unlogged',
    ],
  },
  {
    rule: 'ban-lock-table',
    bad: [
      ['lock table job', 'locks'],
      ['lock table job in share row exclusive mode', 'locks'],
    ],
    fine: ['lock table job in share update exclusive mode', 'create table made (n int); lock table made'],
  },
  {
    rule: 'ban-truncate',
    bad: [
      ['truncate tag', 'locks'],
      ['truncate company cascade', 'locks'],
    ],
    fine: ['create table made (n int); truncate made', 'delete from tag where false'],
  },
  {
    rule: 'attaching-partition',
    bad: [
      [
        "alter table event attach partition event_2027 for values from ('2027-01-01') to ('2028-01-01')",
        'reads under a lock',
      ],
    ],
    fine: [
      "alter table event attach partition event_2028 for values from ('2028-01-01') to ('2029-01-01')",
      "create table made (like event including all); alter table event attach partition made for values from ('2027-01-01') to ('2028-01-01')",
    ],
  },
  {
    rule: 'ban-alter-domain-with-add-constraint',
    bad: [['alter domain positive add constraint low check (value < 9)', 'reads under a lock']],
    fine: [
      'alter domain positive add constraint low check (value < 9) not valid',
      'alter domain positive drop constraint positive_check',
      'create domain small as int; alter domain small add constraint low check (value < 9)',
    ],
  },
];
