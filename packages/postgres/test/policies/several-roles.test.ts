import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import { policyDrift } from '../../src/policies/policy-drift.js';
import { asTenant, openPolicyDatabase, type PolicyDatabase } from './policy-database.js';

let db: PolicyDatabase;
const worker = `worker_${randomBytes(6).toString('hex')}`;
const grantor = `grantor_${randomBytes(6).toString('hex')}`;
const TABLES = { tables: [{ name: 'job' }], shared: [{ name: 'price' }], hidden: [{ name: 'registry' }] };
beforeAll(async () => {
  db = await openPolicyDatabase(`
    create sequence job_number;
    create table job (tenant_id text not null, title text, number bigint not null default nextval('job_number'));
    create table price (cents int); create table registry (name text);
    create policy team on job using (true);
    insert into job (tenant_id, title) values ('t_acme', 'acme job'), ('t_globex', 'globex job')`);
  await db.outside.query(`create role ${grantor}`);
});
afterAll(() => db.stop(worker, grantor));

const titles = async (client: pg.Client, tenant: string) =>
  (await asTenant(client, tenant, 'select title from job')).rows.map(({ title }) => title);

it("a second application's role leaves the first one held, and the first again the second", async () => {
  await db.apply(TABLES);
  const web = await db.login(db.roles.role);
  const second = { ...TABLES, role: worker };
  await db.outside.query(compilePolicies(second).sql);
  const other = await db.login(worker);
  for (let round = 0; round < 3; round += 1) {
    for (const client of [web, other]) {
      expect(await Promise.all([titles(client, 't_acme')])).toEqual([['acme job']]);
      expect(await titles(client, 't_globex')).toEqual(['globex job']);
    }
    expect(await policyDrift(db.outside, second)).toEqual([]);
    const names = await db.rows(`select polname from pg_policy where polname like 'tenancy%' order by 1`);
    if (round === 0) expect(names.map(({ polname }) => polname)).toHaveLength(4);
    else expect(names).toHaveLength(round === 1 ? 5 : 4);
    if (round === 0) await db.apply(TABLES);
    if (round === 0) expect(await policyDrift(db.outside, { ...db.roles, ...TABLES })).toEqual([]);
    if (round === 1) await db.outside.query(compilePolicies(second).sql);
  }
});

it('a sequence that belongs to no column gives its default the next value', async () => {
  const client = await db.login(db.roles.role);
  expect(
    await asTenant(client, 't_acme', `insert into job (tenant_id, title) values ('t_acme', 'second') returning title`),
  ).toMatchObject({ rows: [{ title: 'second' }] });
});

it('several processes may run the SQL at once', async () => {
  const clients = await Promise.all(Array.from({ length: 5 }, () => db.connect()));
  try {
    const { sql } = compilePolicies({ ...db.roles, ...TABLES });
    const results = await Promise.allSettled(clients.map((client) => client.query(sql)));
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
});

it('takes back what others granted, and what the roles passed on', async () => {
  await db.outside.query(`
    grant select on registry to ${grantor} with grant option; grant truncate on job to ${grantor} with grant option;
    grant temporary on database ${db.name} to ${grantor} with grant option;
    set role ${grantor};
    grant select on registry to ${db.roles.role}; grant truncate on job to public;
    grant temporary on database ${db.name} to ${db.roles.role};
    reset role;
    grant select on job to ${db.roles.role} with grant option;
    set role ${db.roles.role}; grant select on job to ${grantor}; reset role`);
  expect((await policyDrift(db.outside, { ...db.roles, ...TABLES })).map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['temporary_granted', 'truncate_granted', 'hidden_reachable']),
  );
  await db.apply(TABLES);
  expect(await policyDrift(db.outside, { ...db.roles, ...TABLES })).toEqual([]);
  // The grantor keeps what is its own.
  expect(await db.rows(`select has_table_privilege('${grantor}', 'registry', 'select') as own`)).toEqual([
    { own: true },
  ]);
});

it('a right too many on a shared table, and one that is missing, are found', async () => {
  await db.outside.query(
    `grant update (cents) on price to ${db.roles.role}; revoke select on job from ${db.roles.role}`,
  );
  expect(await policyDrift(db.outside, { ...db.roles, ...TABLES })).toMatchObject([
    { kind: 'right_missing', name: 'job' },
    { kind: 'write_granted', name: 'price' },
  ]);
  await db.apply(TABLES);
  expect(await policyDrift(db.outside, { ...db.roles, ...TABLES })).toEqual([]);
});
