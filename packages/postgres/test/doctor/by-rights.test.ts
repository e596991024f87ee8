import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import { HELD, type Patient, usePatient } from './patient.js';

const patient = usePatient();

const compile = () =>
  compilePolicies({ role: patient.role, tables: [{ name: 'job' }], shared: [{ name: 'country' }] }).sql;
const titles = async (connection = patient.app) =>
  (await patient.as<{ title: string }>('t_acme', 'select title from job', connection)).map(({ title }) => title);
/** Grants again what compiling took away, which belongs to the database that the next test has too. */
const giveBack = () =>
  patient.admin.query(`
    do $$ declare f regprocedure; begin
      for f in select oid from pg_proc where pronamespace = 'pg_catalog'::regnamespace
        and proname ~ '^(pg_(terminate|cancel)_backend|lo_.*|loread|lowrite)$' and proname not in ('lo_import', 'lo_export')
      loop execute format('grant execute on function %s to public', f); end loop;
    end $$`);

describe('F14: what one tenant could do to all, who are one role', () => {
  it('ending the sessions of others is refused by rights, and left to those who may signal sessions', async () => {
    await giveBack();
    const other = await patient.connect();
    const { rows } = await other.query('select pg_backend_pid() as pid');
    await patient.admin.query(compile());
    for (const call of [`pg_terminate_backend(${rows[0].pid})`, `pg_cancel_backend(${rows[0].pid})`]) {
      await expect(patient.app.query(`select ${call}`)).rejects.toThrow('permission denied');
      await expect(patient.app.query(`do $$ begin perform ${call}; end $$`)).rejects.toThrow('permission denied');
    }
    expect(await titles(other)).toEqual(['acme job']);
    expect(await patient.findings()).toEqual([]);
    const monitor = await patient.createRole();
    await patient.admin.query(`grant pg_signal_backend to ${monitor}`);
    await (await patient.connect(monitor)).query(`select pg_cancel_backend(${rows[0].pid})`);
  });

  it('where the SQL was not run by a superuser, the doctor says what is open, and its fix closes it', async () => {
    await giveBack();
    const owner = await patient.createRole('createrole');
    await patient.admin.query(
      `alter table job owner to ${owner}; alter table country owner to ${owner}; alter schema public owner to ${owner}`,
    );
    await patient.admin.query(`set session authorization ${owner}`);
    await patient.admin.query(compile());
    await patient.admin.query('reset session authorization');
    const findings = await patient.findings();
    expect(findings.map(({ rule, subject }) => [rule, subject])).toEqual([
      ['server-functions', 'large objects'],
      ['server-functions', 'sessions'],
    ]);
    for (const { fix } of findings) await patient.admin.query(fix);
    expect(await patient.findings()).toEqual([]);
    await expect(patient.app.query('select pg_terminate_backend(1)')).rejects.toThrow('permission denied');
    await patient.admin.query(`alter schema public owner to current_user; reassign owned by ${owner} to current_user`);
  });

  for (const [where, sql] of [
    ['the role', (p: Patient) => `alter role ${p.role} set row_security = off`],
    [
      'the role in this database',
      (p: Patient) => `alter role ${p.role} in database ${p.database} set row_security = 'false'`,
    ],
    ['the database', (p: Patient) => `alter database ${p.database} set row_security = off`],
  ] as const) {
    it(`row_security that is off for ${where} shows nobody anything, and is found with its fix`, async () => {
      // No right refuses it: a role may always set what its own sessions begin with.
      if (where === 'the role') await patient.app.query(sql(patient));
      else await patient.admin.query(sql(patient));
      const connection = await patient.connect();
      await expect(patient.as('t_acme', 'select title from job', connection)).rejects.toThrow('row-level security');
      const findings = await patient.findings({}, connection);
      expect(findings).toMatchObject([{ rule: 'role-settings', severity: 'error' }]);
      await patient.admin.query(findings[0]?.fix ?? '');
      const healed = await patient.connect();
      expect(await patient.findings({}, healed)).toEqual([]);
      expect(await titles(healed)).toEqual(['acme job']);
    });
  }

  it('what PostgreSQL itself refuses the role, on each version', async () => {
    for (const sql of [
      `alter system set work_mem = '1MB'`,
      `alter role ${patient.role} set session_replication_role = replica`,
      `alter role ${patient.role} connection limit 0`,
      `alter database ${patient.database} set app.tenant_id = 't_acme'`,
      'select pg_reload_conf()',
      `select lo_import('/etc/passwd')`,
    ]) {
      await expect(patient.app.query(sql), sql).rejects.toThrow(/permission denied|must be/);
    }
  });

  it('G2: a function that names a tenant for itself runs as that one, whoever calls it', async () => {
    await patient.admin.query(`
      create function "the other's"() returns setof text language sql set app.tenant_id = 't_globex' as 'select title from job'`);
    expect(await patient.as('t_acme', `select "the other's"() as title`)).toEqual([{ title: 'globex job' }]);
    const findings = await patient.findings();
    expect(findings).toMatchObject([{ rule: 'preset-tenant', subject: "function public.the other's" }]);
    expect(JSON.stringify(findings)).not.toContain('t_globex');
    await patient.admin.query(findings[0]?.fix ?? '');
    expect(await patient.as('t_acme', `select "the other's"() as title`)).toEqual([{ title: 'acme job' }]);
    expect(await patient.findings()).toEqual([]);
  });
});

describe('F5: large objects', () => {
  it('of one tenant are read, written and deleted by the others, which is found; after compiling, by nobody', async () => {
    await giveBack();
    const [made] = await patient.as<{ lo: number }>('t_acme', `select 1 as lo`);
    expect(made).toEqual({ lo: 1 });
    await patient.app.query(`select lo_from_bytea(0, 'of acme')`);
    const { rows } = await patient.admin.query('select max(oid)::text as oid from pg_largeobject_metadata');
    const { oid } = rows[0];
    expect(await patient.as('t_globex', `select convert_from(lo_get(${oid}), 'utf8') as text`)).toEqual([
      { text: 'of acme' },
    ]);
    const findings = await patient.findings();
    expect(findings).toMatchObject([
      {
        rule: 'server-functions',
        subject: 'large objects',
        severity: 'advice',
        message: expect.stringContaining('there are 1'),
      },
    ]);
    await patient.admin.query(compile());
    for (const call of [
      `lo_get(${oid})`,
      `lo_unlink(${oid})`,
      `lo_open(${oid}, 131072)`,
      `lo_put(${oid}, 0, 'x')`,
      'lo_create(0)',
      'lo_creat(-1)',
    ]) {
      await expect(patient.as('t_globex', `select ${call}`), call).rejects.toThrow('permission denied');
    }
    await expect(patient.app.query('select * from pg_largeobject')).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`select lo_unlink(${oid})`);
  });

  it('are no fault where the application cannot read them', async () => {
    await giveBack();
    await patient.admin.query(`select lo_from_bytea(0, 'of the operators')`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query('select lo_unlink(oid) from pg_largeobject_metadata');
  });
});

describe('F10: pg_stat_statements', () => {
  it("is no error; that it shows every tenant's queries is said, and compiling takes it away", async () => {
    await patient.admin.query('create extension pg_stat_statements');
    expect(await patient.findings()).toMatchObject([
      { rule: 'query-texts', severity: 'advice', fix: 'revoke all on public.pg_stat_statements from public' },
    ]);
    expect(await patient.findings({ shared: ['country', 'pg_stat_statements'] })).toEqual([]);
    await patient.admin.query(compile());
    expect(await patient.findings()).toEqual([]);
    for (const read of ['* from pg_stat_statements', '* from pg_stat_statements(true)']) {
      await expect(patient.app.query(`select ${read}`)).rejects.toThrow('permission denied');
    }
    await patient.admin.query('drop extension pg_stat_statements');
  });
});

describe('F15: a partition that is attached later', () => {
  const partitioned = `
    create table visit (tenant_id text, day int) partition by range (day);
    alter table visit enable row level security, force row level security;
    create policy tenant_isolation on visit using (${HELD}) with check (${HELD})`;
  const attach = `
    create table visit_1 partition of visit for values from (0) to (9);
    insert into visit values ('t_acme', 1), ('t_globex', 1)`;

  it('is not readable by its name without a right of its own, and its rows are held through the parent', async () => {
    await patient.admin.query(`${partitioned}; grant select on visit to ${patient.role}; ${attach}`);
    expect(await patient.as('t_acme', 'select tenant_id from visit')).toEqual([{ tenant_id: 't_acme' }]);
    await expect(patient.as('t_acme', 'select * from visit_1')).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
  });

  it('G7: has the right where default privileges give it, which is found before there is one', async () => {
    const owner = await patient.createRole();
    await patient.admin.query(`
      grant create on schema public to ${owner};
      alter default privileges for role ${owner} in schema public grant select on tables to ${patient.role};
      ${partitioned}; alter table visit owner to ${owner}; grant select on visit to ${patient.role}`);
    const [finding, ...others] = await patient.findings();
    expect([finding, others]).toMatchObject([{ rule: 'default-privileges', severity: 'advice' }, []]);
    await patient.admin.query(`begin; set local role ${owner}; ${attach.replace(/insert.*/, '')}; commit`);
    expect(await patient.as('t_acme', 'select * from visit_1')).toEqual([]);
    expect(await patient.find('table-policies')).toMatchObject([{ subject: 'public.visit_1' }]);
    await patient.admin.query(`drop table visit_1; ${finding?.fix}`);
    await patient.admin.query(`begin; set local role ${owner}; ${attach.replace(/insert.*/, '')}; commit`);
    await expect(patient.as('t_acme', 'select * from visit_1')).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
  });
});

it('F11: the doctor and the policies do not depend on type parsers that the application set on pg itself', async () => {
  const before = [16, 23, 114, 1009, 1003].map((type) => [type, pg.types.getTypeParser(type)] as const);
  await patient.admin.query(
    'alter table job disable row level security; create table tag (name text); grant select on tag to public',
  );
  const expected = await patient.findings();
  expect(expected.length).toBeGreaterThan(1);
  try {
    for (const [type] of before) pg.types.setTypeParser(type, (text) => (type === 23 ? BigInt(text) : `raw ${text}`));
    expect(await patient.findings()).toEqual(expected);
  } finally {
    for (const [type, parser] of before) pg.types.setTypeParser(type, parser);
  }
});
