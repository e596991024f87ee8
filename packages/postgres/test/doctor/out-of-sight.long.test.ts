import { beforeEach, describe, expect, inject, it } from 'vitest';
import { forAllTests } from '../database/for-all-tests.js';
import { createPatient, type Patient } from './patient.js';

const patient = forAllTests(() => createPatient(inject('postgresUrl')));
beforeEach(async () => {
  await patient.admin.query('drop schema if exists private, billing, extensions cascade');
  await patient.heal();
});

const titles = async (sql: string) => (await patient.as<{ title: string }>('t_acme', sql)).map(({ title }) => title);
const FOREIGN = 'globex job';
const heal = async (rule: Parameters<Patient['find']>[0]) => {
  for (const { fix } of await patient.find(rule)) await patient.admin.query(fix);
};

describe('a table in a schema without USAGE', () => {
  beforeEach(() =>
    patient.admin.query(`
      create schema private;
      create table private.archive as select * from job;
      create view private.all_jobs as select title from job;
      grant select on private.archive, private.all_jobs to public`),
  );

  it('that no view leads to is out of reach, and no fault', async () => {
    await expect(patient.as('t_acme', 'select * from private.archive')).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
  });

  it.each([
    [
      'a view of the reader',
      'create view archived with (security_invoker = true) as select title from private.archive',
    ],
    [
      'a parsed function',
      'create function archived() returns setof text language sql begin atomic select title from private.archive; end',
    ],
  ])('is refused where %s reads it', async (_, make) => {
    await patient.admin.query(`${make}; grant select on all tables in schema public to ${patient.role}`);
    const read = make.includes('function') ? 'select archived() as title' : 'select title from archived';
    expect(await titles(read)).toContain(FOREIGN);
    expect(await patient.find('table-policies')).toMatchObject([{ subject: 'private.archive' }]);
    expect(await patient.find('unexamined-schemas')).toMatchObject([{ subject: 'schema private' }]);
    await patient.admin.query('revoke all on private.archive from public');
    await expect(patient.as('t_acme', read)).rejects.toThrow('permission denied');
    expect(await patient.find('table-policies')).toEqual([]);
  });

  it('is refused where it is a view of the owner', async () => {
    await patient.admin.query(`
      create view jobs with (security_invoker = true) as select title from private.all_jobs;
      grant select on jobs to ${patient.role}`);
    expect(await titles('select title from jobs')).toContain(FOREIGN);
    expect(await patient.find('views')).toMatchObject([{ subject: 'private.all_jobs' }]);
    await heal('views');
    expect(await titles('select title from jobs')).toEqual(['acme job']);
    expect(await patient.find('views')).toEqual([]);
  });
});

describe('a table outside of the schemas that are examined', () => {
  it('is refused where it has the column of the tenant and no policies, and not where its policies hold', async () => {
    await patient.admin.query(`
      create schema billing; grant usage on schema billing to ${patient.role};
      create table billing.invoice as select * from job; grant select on billing.invoice to ${patient.role};
      create table billing.rate (cents int); grant select on billing.rate to ${patient.role}`);
    expect(await titles('select title from billing.invoice')).toContain(FOREIGN);
    expect(await patient.find('table-policies')).toMatchObject([{ subject: 'billing.invoice' }]);
    await heal('table-policies');
    expect(await titles('select title from billing.invoice')).toEqual(['acme job']);
    expect(await patient.findings()).toMatchObject([{ rule: 'unexamined-schemas', subject: 'schema billing' }]);
  });

  it('is classified by its full name, and not by the name of another', async () => {
    await patient.admin.query(`
      create schema billing; grant usage on schema billing to ${patient.role};
      create table billing.country as select * from job; grant select on billing.country to ${patient.role}`);
    expect(await patient.find('table-policies')).toMatchObject([{ subject: 'billing.country' }]);
    expect(await patient.findings({ shared: ['country', 'billing.country'] })).toEqual([]);
  });

  it('is none where it came with an extension', async () => {
    await patient.admin.query(`
      create schema extensions; create extension pg_stat_statements schema extensions;
      grant usage on schema extensions to public; revoke all on extensions.pg_stat_statements from public;
      grant select on extensions.pg_stat_statements_info to public`);
    expect(await patient.findings()).toEqual([]);
  });
});

describe('a shared table with tables that inherit from it', () => {
  const parent = `create table document (title text); grant select on document to public`;
  const shared = ['country', 'document'];

  it.each([
    [
      'the column of the tenant',
      'create table invoice (tenant_id text) inherits (document)',
      `values ('${FOREIGN}', 't_globex')`,
    ],
    ['policies', 'create table invoice () inherits (document)', `values ('${FOREIGN}')`],
    [
      'the column, at some depth',
      'create table middle () inherits (document); create table invoice (tenant_id text) inherits (middle)',
      `values ('${FOREIGN}', 't_globex')`,
    ],
  ])('is refused where one has %s', async (_, child, row) => {
    await patient.admin.query(`${parent}; ${child}; alter table invoice enable row level security, force row level security;
      insert into invoice ${row}`);
    expect(await titles('select title from document')).toEqual([FOREIGN]);
    const [finding, ...others] = await patient.findings({ shared });
    expect([finding, others]).toMatchObject([
      { rule: 'shared-descendants', severity: 'error', subject: 'public.document' },
      [],
    ]);
    expect((await patient.find('table-policies'))[0]?.fix).not.toContain('shared');
    if (!child.includes('middle')) {
      await patient.admin.query(finding?.fix ?? '');
      expect(await titles('select title from document')).toEqual([]);
      expect(await patient.findings({ shared })).toEqual([]);
    }
  });

  it('is refused where one is hidden, also when it is attached later; and not where all are shared', async () => {
    await patient.admin.query(`${parent}; create table draft (title text); insert into draft values ('${FOREIGN}')`);
    const hidden = ['draft'];
    expect(await patient.findings({ shared, hidden })).toEqual([]);
    await patient.admin.query('alter table draft inherit document');
    expect(await titles('select title from document')).toEqual([FOREIGN]);
    expect(await patient.findings({ shared })).toEqual([]);
    expect(await patient.findings({ shared, hidden })).toMatchObject([{ rule: 'shared-descendants' }]);
  });
});

describe('a role of PostgreSQL that reaches every table', () => {
  it.each(['pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files'])(
    '%s is refused, also through another role',
    async (all) => {
      const group = await patient.createRole();
      await patient.admin.query(`grant ${all} to ${group}; grant ${group} to ${patient.role}`);
      expect(await patient.find('privileged-role')).toMatchObject([{ subject: `role ${all}` }]);
      await heal('privileged-role');
      expect(await patient.findings()).toEqual([]);
      await patient.admin.query(`revoke ${group} from ${patient.role}`);
    },
  );
});

describe('CREATE where names are looked up', () => {
  it('is found in the schema of the role, in one of the search path and on the database', async () => {
    const [{ name } = { name: '' }] = (await patient.admin.query('select current_database() as name')).rows;
    await patient.admin.query(`
      create schema ${patient.role} authorization ${patient.role};
      create schema private; grant usage, create on schema private to ${patient.role};
      grant create on database ${name} to ${patient.role};
      alter role ${patient.role} set search_path = "$user", private, public`);
    const again = await patient.connect();
    const found = await patient.find('schema-create', {}, again);
    expect(found.map(({ subject }) => subject)).toEqual([
      `database ${name}`,
      `schema ${patient.role}`,
      'schema private',
    ]);
    for (const { fix } of found) await patient.admin.query(fix);
    expect(await patient.find('schema-create', {}, again)).toEqual([]);
    await patient.admin.query(`drop schema ${patient.role} cascade`);
  });
});
