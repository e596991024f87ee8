import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eachDatabase, eachSchema, schemaDrift } from '../../src/migrations.js';
import { failure, Workplace } from './workplace.js';

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.open();
});
afterEach(() => place.stop());

const EVERYTHING = `
  create type mood as enum ('glad', 'sad');
  create domain email as text check (value like '%@%') not null;
  create type pair as (a int, b text);
  create type span as range (subtype = int4);
  create table company (id serial primary key, name text not null default 'a.b', mood mood default 'glad', mail email, spans span, pair pair);
  create table job (id bigint generated always as identity, company_id int references company (id) on delete cascade, title text,
    doubled int generated always as (company_id * 2) stored, unique (company_id, title), check (title <> ''));
  create index job_title on job (lower(title)) where title is not null;
  create sequence numbers increment 2;
  create view open_job as select j.id, c.name from job j join company c on c.id = j.company_id;
  create materialized view counted as select count(*) from job;
  create function next_number() returns bigint language plpgsql as $$ begin return nextval('numbers'); end $$;
  create view "it's" as select 'see a.b, t5.x' as text, id as "a.b" from company;
  create function stamp() returns trigger language plpgsql as $$ -- it doesn't name a.b
   begin new.title := coalesce(new.title, 'x'); return new; end $$;
  create trigger stamped before insert on job for each row execute function stamp();
  alter table job enable row level security;
  create policy mine on job using (company_id = 1);
  create table event (at date not null, id int default next_number()) partition by range (at);
  create table event_2026 partition of event for values from ('2026-01-01') to ('2027-01-01');
  grant select on company to public;`;

const of = (tenants: readonly string[]) =>
  eachSchema({ tenants: tenants.map((id) => ({ id, slug: id })), name: ({ id }: { id: string }) => id });
const drift = (tenants: readonly string[], options = {}) =>
  schemaDrift({ connection: place.url, targets: of(tenants), ...options });

describe('schemas that are not like the others', () => {
  it('O7: a hundred equal schemas are equal, whatever their names', async () => {
    const tenants = [
      'a',
      'Acme-Inc',
      'of "quotes"',
      'a.b',
      'x^$',
      'name',
      'public_',
      "o'neil",
      "it''s",
      ...Array.from({ length: 91 }, (_, n) => `t${n}`),
    ];
    await place.file('0001_all.sql', EVERYTHING);
    await place.schemas(tenants);
    expect(await drift(tenants)).toEqual({ reference: expect.any(String), targets: 100, different: [] });
  });

  it.each([
    ['a table', 'create table extra (id int)', 'create table extra ()'],
    ['a column', 'alter table job add extra int', 'alter table job add column extra integer'],
    [
      'a type of a column',
      'alter table company alter mail type varchar(9)',
      'alter table company add column mail character varying(9)',
    ],
    ['a default', "alter table company alter name set default 'z'", "default 'z'::text"],
    [
      'NOT NULL',
      'alter table company alter name drop not null',
      "alter table company add column name text default 'a.b'::text",
    ],
    ['an index', 'create index extra on job (title)', 'CREATE INDEX extra ON job'],
    ['a constraint', "alter table job add constraint extra check (title <> 'y')", 'add constraint extra CHECK'],
    [
      'a foreign key',
      'alter table job drop constraint job_company_id_fkey, add constraint job_company_id_fkey foreign key (company_id) references company (id)',
      'REFERENCES company(id)',
    ],
    [
      'a view',
      "create or replace view open_job as select j.id, c.name from job j join company c on c.id = j.company_id where c.name <> ''",
      'create view open_job',
    ],
    [
      'a function',
      "create or replace function next_number() returns bigint language sql as 'select 1::bigint'",
      'FUNCTION next_number()',
    ],
    ['a trigger', 'alter table job disable trigger stamped', '-- D'],
    ['a policy', 'alter policy mine on job using (true)', 'create policy mine on job for all to public using (true)'],
    ['row security', 'alter table company enable row level security', 'alter table company enable row level security'],
    ['an enum', "alter type mood add value 'bored'", "as enum ('glad', 'sad', 'bored')"],
    ['a domain', 'alter domain email drop not null', 'create domain email'],
    ['a sequence', 'alter sequence numbers increment 3', 'increment 3'],
    ['a right', 'grant update on company to public', '-- company:'],
    ['a right to a schema', 'grant create on schema globex to public', '-- the schema:'],
    ['a right to a column', 'grant select (title) on job to public', '-- job.title:'],
    ['a right to a function', 'revoke execute on function next_number() from public', '-- next_number():'],
    [
      'a partition',
      "create table event_2027 partition of event for values from ('2027-01-01') to ('2028-01-01')",
      'create table event_2027 partition of event FOR VALUES',
    ],
  ])('%s is shown as SQL', async (_, sql, shown) => {
    await place.file('0001_all.sql', EVERYTHING);
    await place.schemas(['acme', 'globex', 'initech']);
    await place.client.query(`begin; set local search_path to globex; ${sql.replace(/;$/, '')}; commit`);
    const { reference, different } = await drift(['acme', 'globex', 'initech']);
    expect(reference).not.toBe('globex');
    expect(different.map(({ tenant }) => tenant)).toEqual(['globex']);
    expect(different[0]?.extra.join('\n')).toContain(shown);
    expect(different[0]?.extra.join('\n')).not.toContain('globex');
    expect((await drift(['acme', 'globex', 'initech'], { reference: 'globex' })).different).toHaveLength(2);
  });

  it('a right that was given and taken back again is none', async () => {
    await place.file('0001_all.sql', EVERYTHING);
    await place.schemas(['acme', 'globex', 'initech']);
    await place.client.query(`grant usage on schema globex to public; revoke usage on schema globex from public;
      revoke execute on function globex.next_number() from public; grant execute on function globex.next_number() to public;
      grant select (title) on globex.job to public; revoke select (title) on globex.job from public`);
    expect((await drift(['acme', 'globex', 'initech'])).different).toEqual([]);
  });

  it('O7: a name of another schema is shown, also where the database has that one in its search path', async () => {
    await place.file('0001_job.sql', 'create table job (id int); create view v as select id from job;');
    await place.schemas(['acme', 'globex', 'initech']);
    await place.client.query(`create or replace view globex.v as select id from initech.job;
      do $$ begin execute format('alter database %I set search_path = initech', current_database()); end $$`);
    expect((await drift(['acme', 'globex', 'initech'])).different).toMatchObject([
      { tenant: 'globex', extra: [expect.stringContaining('initech.job')] },
    ]);
  });

  it('with what is missing there, or all of it', async () => {
    await place.file('0001_all.sql', EVERYTHING);
    await place.schemas(['acme', 'globex', 'initech']);
    await place.client.query('drop view globex.open_job; drop schema initech cascade; create schema initech');
    const { different } = await drift(['acme', 'globex', 'initech'], { reference: 'acme' });
    expect(different.map(({ tenant, missing, extra }) => [tenant, missing.length > 20, extra])).toEqual([
      ['globex', false, []],
      ['initech', true, []],
    ]);
    expect(different[0]?.missing.some((statement) => statement.startsWith('create view open_job as'))).toBe(true);
    expect(await failure(drift(['acme'], { reference: 'nobody' }))).toMatchObject({ code: 'target_unknown' });
  });

  it('and databases', async () => {
    const names = ['x', 'y', 'z'].map((name) => `${new URL(place.url).pathname.slice(1)}_${name}`);
    for (const name of names) await place.client.query(`create database ${name}`);
    const targets = eachDatabase({
      tenants: names.map((id) => ({ id, slug: id })),
      connection: ({ id }) => Object.assign(new URL(place.url), { pathname: id }).href,
    });
    try {
      expect(await schemaDrift({ targets })).toMatchObject({ targets: 3, different: [] });
      const other = new (place.client.constructor as typeof import('pg').Client)({
        connectionString: Object.assign(new URL(place.url), { pathname: names[1] }).href,
      });
      await other.connect();
      await other.query('create table job (id int)');
      await other.end();
      const { different } = await schemaDrift({ targets });
      expect(different).toMatchObject([{ tenant: names[1], missing: [] }]);
    } finally {
      for (const name of names) await place.client.query(`drop database if exists ${name} with (force)`);
    }
  });
});
