import { beforeEach, describe, expect, inject, it } from 'vitest';
import { forAllTests } from '../database/for-all-tests.js';
import { createPatient } from './patient.js';

const patient = forAllTests(() => createPatient(inject('postgresUrl')));
beforeEach(async () => {
  await patient.admin.query('drop schema if exists lib cascade');
  await patient.heal();
  await patient.admin.query('create schema lib; grant usage on schema lib to public');
});

const titles = async () =>
  (await patient.as<{ title: string }>('t_acme', 'select title from job order by title')).map(({ title }) => title);
const SETTING = `current_setting('app.tenant_id', true)`;
const NULLED = `nullif(${SETTING}, '')`;
const parsed = (value: string) => `language sql stable begin atomic select ${value}; end`;
const hold = async (made: string, condition = 'tenant_id = lib.current_tenant()') => {
  await patient.admin.query(`
    create function lib.current_tenant() returns ${made};
    drop policy tenant_isolation on job;
    create policy own on job using (${condition}) with check (${condition})`);
};

describe("a policy that calls a function of one's own", () => {
  it.each([
    ['whose body was parsed when it was made', `text ${parsed(NULLED)}`],
    ['that returns an expression', `text language sql stable return ${NULLED}`],
    ['of another setting of case', `text ${parsed(`nullif(current_setting('App.Tenant_Id'), '')`)}`],
    ['that returns a varchar', `varchar ${parsed(`${NULLED}::varchar`)}`],
    ['with a search path of its own', `text language sql stable set search_path = '' as $$ select ${NULLED} $$`],
    [
      'with a search path of its own, and a name for its column',
      `text language sql stable set search_path = pg_catalog, pg_temp as $$\n  SELECT (NULLIF(pg_catalog.current_setting('app.tenant_id'), ''))::text AS tenant;\n$$`,
    ],
    [
      'in PL/pgSQL',
      `text language plpgsql stable set search_path = pg_catalog as $$\nbegin\n  return ${NULLED};\nend;\n$$`,
    ],
  ])('%s is taken', async (_, made) => {
    await hold(made);
    expect(await titles()).toEqual(['acme job']);
    await expect(patient.as('t_acme', `insert into job (tenant_id, title) values ('t_globex', 'x')`)).rejects.toThrow(
      'row-level',
    );
    expect(await patient.findings()).toEqual([]);
  });

  it.each([
    ['the other way round', 'lib.current_tenant() = tenant_id'],
    ['in a subselect', 'tenant_id = (select lib.current_tenant())'],
    ['with more', `title <> '' and tenant_id = lib.current_tenant()`],
  ])('is taken %s, and by whatever schema its name has', async (_, condition) => {
    await hold(`text ${parsed(NULLED)}`, condition);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query('alter function lib.current_tenant() set schema public');
    expect(await titles()).toEqual(['acme job']);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query('alter function current_tenant() rename to "The Tenant"');
    expect(await patient.findings()).toEqual([]);
  });

  it.each([
    ['uuid', `uuid ${parsed(`${NULLED}::uuid`)}`, 'tenant = lib.current_tenant()'],
    [
      'uuid',
      `uuid language sql stable set search_path = '' return ${SETTING}::uuid`,
      '(select lib.current_tenant()) = tenant',
    ],
    ['uuid', `text ${parsed(SETTING)}`, 'tenant = lib.current_tenant()::uuid'],
    ['bigint', `text ${parsed(NULLED)}`, 'tenant = (select lib.current_tenant())::bigint'],
    ['varchar', `varchar ${parsed(NULLED)}`, 'tenant = (select lib.current_tenant())'],
    ['varchar', `text ${parsed(NULLED)}`, 'tenant = lib.current_tenant()'],
  ])('is taken over a column of the type %s: %s', async (type, made, condition) => {
    await patient.admin.query(`
      create function lib.current_tenant() returns ${made};
      create table note (tenant ${type}, body text);
      alter table note enable row level security, force row level security;
      create policy own on note using (${condition}); grant select on note to ${patient.role}`);
    expect(await patient.findings()).toEqual([]);
  });

  it.each([
    ['takes an empty setting for a tenant', `text ${parsed(SETTING)}`],
    ['asks for another setting', `text ${parsed(`nullif(current_setting('app.tenant', true), '')`)}`],
    ['answers more than the setting', `text ${parsed(`coalesce(${NULLED}, 't_globex')`)}`],
    ['is IMMUTABLE, so that a plan keeps its answer', `text language sql immutable begin atomic select ${NULLED}; end`],
    ["has its words looked up by the caller's search path", `text language sql stable as $$ select ${NULLED} $$`],
    [
      'has a search path that others write to',
      `text language sql stable set search_path = public, pg_catalog as $$ select ${NULLED} $$`,
    ],
    [
      'sets what it reads',
      `text language sql stable set app.tenant_id = 't_globex' begin atomic select ${NULLED}; end`,
    ],
    ['turns two ids into one on the way', `text ${parsed(`${NULLED}::int::text`)}`],
    [
      'turns two ids into one as it returns',
      `text language plpgsql stable set search_path = pg_catalog as $$ begin return ${NULLED}::int; end $$`,
    ],
    ['does more', `text language plpgsql stable set search_path = '' as $$ begin perform 1; return ${NULLED}; end $$`],
    [
      'hides what it does in a comment',
      `text language sql stable set search_path = '' as $$ select /* ${NULLED} */ 't_globex' $$`,
    ],
  ])('is refused where that %s, and told what to write', async (_, made) => {
    await hold(made);
    const [finding] = await patient.find('table-policies');
    expect(finding?.message).toContain(
      `stable begin atomic select nullif(current_setting('app.tenant_id', true), ''); end`,
    );
    await patient.admin.query(finding?.fix ?? '');
    expect(await patient.find('table-policies')).toEqual([]);
    expect(await titles()).toEqual(['acme job']);
  });

  it('is refused where the application can replace it, by itself or as somebody else, or drop it with its schema', async () => {
    await hold(`text ${parsed(NULLED)}`);
    expect(await patient.find('table-policies')).toEqual([]);
    const group = await patient.createRole();
    for (const give of [
      (to: string) => `alter function lib.current_tenant() owner to ${to}`,
      (to: string) => `alter schema lib owner to ${to}`,
    ]) {
      await patient.admin.query(give(group));
      expect(await patient.find('table-policies')).toEqual([]);
      await patient.admin.query(`grant ${group} to ${patient.role}`);
      expect(await patient.find('table-policies')).toHaveLength(1);
      await patient.admin.query(`revoke ${group} from ${patient.role}; ${give('current_user')}`);
      expect(await patient.find('table-policies')).toEqual([]);
    }
    await patient.admin.query(
      `alter function lib.current_tenant() owner to ${patient.role}; grant create on schema lib to public`,
    );
    await patient.app.query(
      `create or replace function lib.current_tenant() returns text language sql stable begin atomic select 't_globex'::text; end`,
    );
    expect(await titles()).toEqual(['globex job']);
    expect(await patient.find('table-policies')).toHaveLength(1);
    await patient.admin.query('drop schema lib cascade');
  });

  it('is refused where its types are looked up and the application makes types that stand before them', async () => {
    const made = (path: string) => `text language sql stable set search_path = ${path} as $$ select ${NULLED}::text $$`;
    await hold(made(`''`));
    const examined = async () => patient.find('table-policies', {}, await patient.connect());
    expect(await examined()).toEqual([]);
    await patient.admin.query(`grant temporary on database ${patient.database} to ${patient.role}`);
    await patient.app.query('create domain pg_temp.text as varchar(3)');
    expect(await titles()).toEqual([]);
    expect(await examined()).toHaveLength(1);
    await patient.admin.query(`create or replace function lib.current_tenant() returns ${made('pg_catalog, pg_temp')}`);
    expect(await titles()).toEqual(['acme job']);
    expect(await examined()).toEqual([]);
    await patient.app.query('discard all');
  });
});
