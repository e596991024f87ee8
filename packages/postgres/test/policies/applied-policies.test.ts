import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import type { CompilePoliciesOptions } from '../../src/policies/policy-options.js';
import { generatedRuns } from '../database/generated-runs.js';
import { asTenant, openPolicyDatabase, type PolicyDatabase } from './policy-database.js';

let db: PolicyDatabase;
beforeAll(async () => {
  db = await openPolicyDatabase(`
    create table job (tenant_id text not null, id serial primary key);
    create table note ("order" uuid not null);
    create table country (code text);
    create view jobs as select * from job;
    insert into job values ('t_acme'), ('t_globex')`);
});
const made: string[] = [];
afterAll(() => db.stop(...made));

const options = {
  tables: [{ name: 'job' }, { name: 'note', tenantColumn: 'order', type: 'uuid' }],
  shared: [{ name: 'country' }],
  views: [{ name: 'jobs' }],
} as const satisfies Partial<CompilePoliciesOptions>;

/** The catalogs' rows about everything that the SQL touches. */
const fingerprint = () =>
  db.rows(`
    select 'relation' as what, relname::text as name, relrowsecurity::text as a, relforcerowsecurity::text as b,
      relacl::text as c, reloptions::text as d, null as e
      from pg_class where relnamespace = 'public'::regnamespace
    union all select 'policy', polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid),
      polroles::text, concat(polcmd, polpermissive, ' ', polrelid::regclass), obj_description(oid, 'pg_policy') from pg_policy
    union all select 'role', rolname, rolcanlogin::text, rolbypassrls::text, rolsuper::text, rolpassword, null
      from pg_authid where rolname in ('${db.roles.role}', '${db.roles.adminRole}')
    union all select 'schema', nspname, nspacl::text, null, null, null, null from pg_namespace where nspname = 'public'
    union all select 'database', datname, datacl::text, null, null, null, null from pg_database
      where datname = current_database()
    order by 1, 2, 3, 4, 5, 6`);

it('changes nothing when it runs again, not even a password', async () => {
  const { hash, tables } = await db.apply({ ...options, database: db.name });
  await db.login(db.roles.role);
  const first = await fingerprint();
  const comments = first.filter(({ what }) => what === 'policy').map(({ d, e }) => [/[a-z]+$/.exec(String(d))?.[0], e]);
  expect(comments).toHaveLength(6);
  for (const [name, comment] of comments) {
    expect(comment).toBe(`tenancy:${tables.find((table) => table.name === name)?.hash}`);
  }
  expect((await db.apply({ ...options, database: db.name })).hash).toBe(hash);
  expect(await fingerprint()).toEqual(first);
});

it('puts right what was changed by hand, and withdraws the administrator who is no longer named', async () => {
  await db.outside.query('drop policy if exists tenancy_admin on job');
  await db.outside.query(compilePolicies({ role: db.roles.role, ...options }).sql);
  const sound = await db.rows('select polname from pg_policy order by 1');
  await db.apply(options);
  await db.outside.query(`
    alter table job disable row level security;
    alter table job no force row level security;
    drop policy tenancy_isolation on job;
    create policy tenancy_isolation on job for select to public using (true);
    grant all on job to ${db.roles.role}, public;
    grant update (id) on job to public`);
  await db.outside.query(compilePolicies({ role: db.roles.role, ...options }).sql);
  expect(await db.rows('select polname from pg_policy order by 1')).toEqual(sound);
  const app = await db.login(db.roles.role);
  expect((await asTenant(app, 't_acme', 'select tenant_id from job')).rows).toEqual([{ tenant_id: 't_acme' }]);
  await expect(app.query('truncate job')).rejects.toThrow('permission denied');
  expect(
    await db.rows("select attname from pg_attribute where attacl is not null and attrelid = 'job'::regclass"),
  ).toEqual([]);
});

it('shows no foreign row between two statements, even with a policy beside it that lets everything through', async () => {
  const { statements } = await db.apply(options);
  await db.outside.query(`create policy beside on job to ${db.roles.role} using (true)`);
  const app = await db.login(db.roles.role);
  const answers = new Set<string>();
  for (const statement of statements) {
    await db.outside.query(statement);
    const answer = await asTenant(app, 't_acme', 'select tenant_id from job').then(
      ({ rows }) => rows.map(({ tenant_id }) => tenant_id).join(),
      (error: Error) => error.message,
    );
    answers.add(answer);
  }
  await db.outside.query('drop policy beside on job');
  expect([...answers].sort()).toEqual(['permission denied for table job', 't_acme']);
});

it('creates the role once when two databases are migrated at the same time', async () => {
  const role = `race_${randomBytes(6).toString('hex')}`;
  const [create = ''] = compilePolicies({ role, tables: [{ name: 'job' }] }).statements;
  const clients = await Promise.all(Array.from({ length: 6 }, () => db.connect()));
  try {
    await Promise.all(clients.map((client) => client.query(create)));
    expect(await db.rows(`select from pg_roles where rolname = '${role}'`)).toHaveLength(1);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await db.outside.query(`drop role if exists ${role}`);
  }
});

it('runs as the owner of the tables, who is no superuser', async () => {
  const own = await openPolicyDatabase(`
    create table job (tenant_id text not null, id serial);
    create view jobs as select * from job;
    insert into job values ('t_acme'), ('t_globex')`);
  const owner = own.roles.role.replace('app', 'owner');
  try {
    await own.outside.query(`
      create role ${owner} login; create role ${own.roles.role} login;
      alter database ${own.name} owner to ${owner}; alter table job owner to ${owner}; alter view jobs owner to ${owner}`);
    const compiled = compilePolicies({
      role: own.roles.role,
      ...options,
      tables: [{ name: 'job' }],
      shared: [],
      database: own.name,
    });
    const client = await own.login(owner);
    await client.query(compiled.sql);
    await client.query(compiled.sql);
    const app = await own.login(own.roles.role);
    expect((await asTenant(app, 't_acme', 'select id from jobs')).rows).toEqual([{ id: 1 }]);
    await expect(app.query('create temporary table mine (id int)')).rejects.toThrow('permission denied');
    expect((await client.query('select * from job')).rows).toEqual([]);
  } finally {
    await own.stop(owner);
  }
});

describe('names that try to be SQL', () => {
  const suffix = randomBytes(4).toString('hex');
  const hostile = [
    `we"ird; drop table x`,
    "o'clock\\",
    '$tenancy$; drop table job; --',
    'line\nbreak; drop table job',
    'Über Tische %I %s',
  ];
  const roles = hostile.map((name) => `${name} ${suffix}`);
  made.push(...roles);

  it.each(hostile.map((name, index) => [name, roles[index] ?? ''] as const))('%j stays a name', async (name, role) => {
    const quoted = pg.escapeIdentifier(name);
    await db.outside.query(`
      create schema ${quoted};
      create table ${quoted}.${quoted} (${quoted} text not null, id serial);
      create view ${quoted}.${pg.escapeIdentifier(`${name}!`)} as select * from ${quoted}.${quoted};
      insert into ${quoted}.${quoted} values ('t_acme'), ('t_globex')`);
    const { sql } = compilePolicies({
      role,
      tables: [{ schema: name, name, tenantColumn: name }],
      views: [{ schema: name, name: `${name}!` }],
    });
    await db.outside.query(sql);
    await db.outside.query(sql);
    const app = await db.login(role);
    for (const relation of [name, `${name}!`]) {
      const { rows } = await asTenant(app, 't_acme', `select * from ${quoted}.${pg.escapeIdentifier(relation)}`);
      expect(rows).toEqual([{ [name]: 't_acme', id: 1 }]);
    }
    await asTenant(app, 't_acme', `insert into ${quoted}.${quoted} values ('t_acme')`);
    expect(await db.rows("select to_regclass('public.job') is not null as still")).toEqual([{ still: true }]);
  });

  it('any name is quoted so that PostgreSQL reads back the same name', async () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 15 }).filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const { statements } = compilePolicies({ role: 'app', tables: [{ name: text, schema: text }] });
        const identifier = /^ALTER TABLE (.*) ENABLE/su.exec(
          statements.find((each) => each.startsWith('ALTER')) ?? '',
        )?.[1];
        const { rows } = await db.outside.query('select parse_ident($1) as parts', [identifier]);
        expect(rows).toEqual([{ parts: [text, text] }]);
      }),
      generatedRuns(300),
    );
  });
});
