import { beforeEach, expect, inject, it } from 'vitest';
import { forAllTests } from '../database/for-all-tests.js';
import { createPatient } from './patient.js';

const patient = forAllTests(() => createPatient(inject('postgresUrl')));
beforeEach(async () => {
  await patient.heal();
  await patient.admin.query(`
    create extension if not exists pg_trgm;
    create type status as enum ('open', 'closed', 'hired');
    alter table job
      add column status status, add column payload jsonb, add column amount numeric, add column at timestamptz,
      add column state text;
    insert into job
      select 't_' || i % 20, gen_random_uuid(), 'Job ' || i, (array['open', 'closed', 'hired'])[least(i % 1000, 2) + 1]::status,
        jsonb_build_object('n', i), i, now(), (array['open', 'closed', 'hired'])[least(i % 1000, 2) + 1]
      from generate_series(1, 20000) i;
    analyze job`);
});

/** True when the application's query and the administrator's each use the index. */
async function usedBy(index: string, condition: string) {
  const plan = async (rows: unknown[]) => JSON.stringify(rows).includes(`"${index}"`);
  const sql = `explain (format json) select * from job where ${condition}`;
  return { app: await plan(await patient.as('t_3', sql)), admin: await plan((await patient.admin.query(sql)).rows) };
}

const leaky: readonly [string, string, string, string][] = [
  ['an enum', 'job (status)', `status = 'open'`, 'status, a column of type status'],
  ['a numeric', 'job (amount)', 'amount = 7', 'amount, a column of type numeric'],
  ['lower(x)', 'job (lower(title))', `lower(title) = 'job 7'`, 'lower(title), an expression'],
  ['a jsonb path', `job ((payload ->> 'n'))`, `payload ->> 'n' = '7'`, 'an expression'],
  ['jsonb @>', 'job using gin (payload)', `payload @> '{"n": 7}'`, 'payload, a column of type jsonb'],
  ['trigrams', 'job using gin (title gin_trgm_ops)', `title like '%b 777%'`, 'title, a column of type text'],
];
for (const [name, on, condition, said] of leaky) {
  it(`G4: an index on ${name} serves the administrator and not the application; the fix begins with the tenant`, async () => {
    await patient.admin.query(`create index leaky on ${on}; analyze job`);
    expect(await usedBy('leaky', condition)).toEqual({ app: false, admin: true });
    const findings = await patient.findings();
    expect(findings).toMatchObject([{ rule: 'leakproof-indexes', severity: 'advice', subject: 'public.job' }]);
    expect(findings[0]?.message).toContain(`the index leaky begins with `);
    expect(findings[0]?.message).toContain(said);
    await patient.admin.query(findings[0]?.fix ?? '');
    expect(await patient.findings()).toEqual([]);
  });
}

it('G4: an index that begins with the tenant serves the policy, and the rest of the row is tested after it', async () => {
  await patient.admin.query(
    'alter table job drop constraint job_pkey; create index led on job (tenant_id, status); analyze job',
  );
  expect(await usedBy('led', `status = 'open'`)).toMatchObject({ app: true });
  expect(await patient.findings()).toEqual([]);
});

it('G4: a text column with a CHECK serves where an enum does not', async () => {
  await patient.admin.query('create index plain on job (state); create index moment on job (at); analyze job');
  expect(await usedBy('plain', `state = 'open'`)).toEqual({ app: true, admin: true });
  expect(await patient.findings()).toEqual([]);
});

it('G4: an operator that the administrator declared leakproof is believed', async () => {
  await patient.admin.query('create index leaky on job (status); alter function enum_eq leakproof; analyze job');
  expect(await usedBy('leaky', `status = 'open'`)).toEqual({ app: true, admin: true });
  expect(await patient.findings()).toEqual([]);
  await patient.admin.query('alter function enum_eq not leakproof');
});

it('a key that a constraint needs is not dropped by the fix', async () => {
  await patient.admin.query('alter table job add constraint amounts unique (amount)');
  expect(await patient.find('leakproof-indexes')).toMatchObject([{ fix: 'begin the key with tenant_id' }]);
});
