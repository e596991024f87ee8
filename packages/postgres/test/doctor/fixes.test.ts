import { expect, it } from 'vitest';
import { rowLevelSecurity } from '../../src/isolation/row-level-security.js';
import { type Patient, usePatient } from './patient.js';

const patient = usePatient();

const heal = async (...rules: Parameters<Patient['find']>[0][]) => {
  for (const rule of rules) for (const { fix } of await patient.find(rule)) await patient.admin.query(fix);
};

it.each([['lower(title), tenant_id'], ['lower(title)'], ['lower(title), tenant_id) include (id']])(
  'the fix of a unique index on %s leaves it unique, and names the tenant once',
  async (columns) => {
    await patient.admin.query(`create unique index job_title on job (${columns})`);
    await heal('unique-keys', 'leakproof-indexes');
    const { rows } = await patient.admin.query(
      `select indexdef from pg_indexes where tablename = 'job' and indexname <> 'job_pkey'`,
    );
    expect(rows).toEqual([
      { indexdef: expect.stringMatching(/UNIQUE INDEX \w+ ON public.job USING btree \(tenant_id, lower\(title\)\)/) },
    ]);
    if (columns.includes('include')) expect(rows[0].indexdef).toContain('INCLUDE (id)');
    expect(await patient.find('leakproof-indexes')).toEqual([]);
    await expect(
      patient.admin.query(`insert into job (tenant_id, title) values ('t_acme', 'ACME job')`),
    ).rejects.toThrow('duplicate key');
  },
);

it('where the application is in a role that others read by, it leaves that role, and they go on reading', async () => {
  const [reader, boss] = [await patient.createRole(), await patient.createRole()];
  await patient.admin.query(`
    drop policy tenant_isolation on job; create policy own on job using (true);
    create policy tenancy_isolation on job as restrictive to ${patient.role}
      using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
    grant select on job to ${reader}; grant ${reader} to ${patient.role}, ${boss}`);
  expect(await patient.find('table-policies')).toHaveLength(1);
  await heal('table-policies');
  expect(await patient.find('table-policies')).toEqual([]);
  expect(await patient.as('t_acme', 'select title from job')).toEqual([{ title: 'acme job' }]);
  const other = await patient.connect(boss);
  expect((await other.query('select title from job')).rows).toHaveLength(2);
});

it('the fix of sessions leaves those who may signal them their right', async () => {
  const operator = await patient.createRole();
  await patient.admin.query(`
    grant pg_signal_backend to ${operator}, ${patient.role};
    create policy tenancy_isolation on job as restrictive to ${patient.role} using (true);
    comment on policy tenancy_isolation on job is 'tenancy:0'`);
  await patient.admin.query('begin');
  try {
    await patient.admin.query(`
      grant execute on function pg_cancel_backend(int), pg_terminate_backend(int, bigint) to public, pg_signal_backend;
      set local session authorization ${patient.role}`);
    const found = (await patient.find('server-functions', {}, patient.admin)).filter(
      ({ subject }) => subject === 'sessions',
    );
    await patient.admin.query('reset session authorization');
    for (const { fix } of found) await patient.admin.query(fix);
    const may = async (who: string) =>
      (
        await patient.admin.query(
          `select has_function_privilege('${who}', 'pg_terminate_backend(int,bigint)', 'execute') as may`,
        )
      ).rows[0].may;
    expect([await may(operator), await may(patient.role)]).toEqual([true, false]);
  } finally {
    await patient.admin.query('rollback');
    await patient.admin.query(`revoke pg_signal_backend from ${patient.role}`);
  }
});

it('the fix of a right that somebody else granted, or that was passed on, takes it back', async () => {
  const [grantor, other] = [await patient.createRole(), await patient.createRole()];
  await patient.admin.query(`
    create table registry (name text);
    grant select on registry to ${grantor} with grant option;
    grant truncate on job to ${patient.role} with grant option;
    set role ${grantor}; grant select on registry to ${patient.role};
    set role ${patient.role}; grant truncate on job to ${other}; reset role`);
  const hidden = ['registry'];
  const found = await patient.findings({ hidden });
  expect(found.map(({ rule }) => rule)).toEqual(['hidden-tables', 'truncate']);
  for (const { fix } of found) await patient.admin.query(fix);
  expect(await patient.findings({ hidden })).toEqual([]);
});

it.each([
  ['delete', 'on delete cascade'],
  ['delete', 'on delete set null'],
  ['update (code)', 'on update cascade'],
])('a shared table that the application may %s and a key with %s is advice', async (right, action) => {
  await patient.admin.query(`alter table job add country text references country (code) ${action}`);
  expect(await patient.findings()).toEqual([]);
  await patient.admin.query(`grant ${right} on country to ${patient.role}`);
  expect(await patient.find('foreign-keys')).toMatchObject([
    { severity: 'advice', message: expect.stringContaining("which is everybody's") },
  ]);
  await heal('foreign-keys');
  expect(await patient.find('foreign-keys')).toEqual([]);
});

it('a function that reads the files of the server is refused', async () => {
  await patient.admin.query(`grant execute on function pg_read_binary_file(text) to ${patient.role}`);
  expect(await patient.findings()).toMatchObject([{ rule: 'server-files', severity: 'error' }]);
  await heal('server-files');
  expect(await patient.findings()).toEqual([]);
});

it('a function that connects as anybody, without a password, is refused', async () => {
  await patient.admin.query('create extension dblink');
  expect(await patient.findings()).toEqual([]);
  await patient.admin.query(`grant execute on function dblink_connect_u(text) to ${patient.role}`);
  expect(await patient.findings()).toMatchObject([
    { rule: 'server-files', severity: 'error', message: expect.stringContaining('without a password') },
  ]);
  await heal('server-files');
  expect(await patient.findings()).toEqual([]);
});

it('takes the lists of readTables, and no list that examines nothing', () => {
  expect(() =>
    rowLevelSecurity({
      shared: ['country', { name: 'price', writable: true }],
      hidden: [{ schema: 'ops', name: 'log' }],
    }),
  ).not.toThrow();
  for (const wrong of [{ schemas: [] }, { shared: [{}] }, { shared: [{ name: 'a' }], hidden: ['public.a'] }]) {
    expect(() => rowLevelSecurity(wrong as never)).toThrow('floor_misconfigured');
  }
});
