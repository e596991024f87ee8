import { beforeAll, describe, expect, it } from 'vitest';
import { policyDrift } from '../../src/policies/policy-drift.js';
import type { CompilePoliciesOptions } from '../../src/policies/policy-options.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openPolicyDatabase } from './policy-database.js';

const db = forAllTests(() =>
  openPolicyDatabase(`
    create table job (tenant_id text not null);
    create table note ("order" uuid not null);
    create table stage (tenant_id varchar(40));
    create table office (tenant_id integer);
    create table visit (tenant_id bigint);
    create table country (code text);
    create view titles as select * from job;
    create table tenancy_migrations (name text)`),
);
let options: CompilePoliciesOptions;
beforeAll(async () => {
  options = {
    ...db.roles,
    tables: [
      { name: 'job' },
      { name: 'note', tenantColumn: 'order', type: 'uuid' },
      { name: 'stage', type: 'varchar' },
      { name: 'office', type: 'integer' },
      { name: 'visit', type: 'bigint' },
    ],
    shared: [{ name: 'country' }],
    views: [{ name: 'titles' }],
  };
  await db.apply(options);
});

/** The drift after `sql`, which is undone afterwards; compiled again, nothing may be left of what it can repair. */
const driftAfter = async (sql: string, { repaired = true, changes = {} as Partial<CompilePoliciesOptions> } = {}) => {
  await db.outside.query('begin');
  try {
    await db.outside.query(sql.replaceAll('$app', db.roles.role).replaceAll('$admin', db.roles.adminRole));
    const drift = await policyDrift(db.outside, { ...options, ...changes });
    if (repaired) {
      await db.apply(options);
      expect(await policyDrift(db.outside, options), 'after the SQL ran again').toEqual([]);
    }
    return drift.map(({ kind, schema, name, message }) => [kind, `${schema}.${name}`, message] as const);
  } finally {
    await db.outside.query('rollback');
  }
};

it('nothing differs after the compiled SQL ran, for any type of the tenant column', async () => {
  expect(await policyDrift(db.outside, options)).toEqual([]);
});

const condition = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')";
const changed = (what: string) => [['policy_changed', 'public.job', expect.stringContaining(what)]];

describe('what was changed by hand is found, and the compiled SQL puts it right', () => {
  it.each<[string, string, unknown]>([
    [
      'row-level security is off',
      'alter table job disable row level security',
      [['row_security_off', 'public.job', expect.stringContaining('every tenant reads every row')]],
    ],
    [
      'G1: not forced',
      'alter table job no force row level security',
      [['row_security_not_forced', 'public.job', expect.stringContaining('owner')]],
    ],
    [
      'a policy is missing',
      'drop policy tenancy_isolation on job; drop policy tenancy_admin on stage',
      [
        ['policy_missing', 'public.job', expect.stringContaining('tenancy_isolation on public.job is missing')],
        ['policy_missing', 'public.stage', expect.stringContaining('tenancy_admin')],
      ],
    ],
    ['the condition for reading', 'alter policy tenancy_isolation on job using (true)', changed('USING')],
    [
      'the condition for writing',
      `alter policy tenancy_isolation on job with check (${condition} or true)`,
      changed('WITH CHECK'),
    ],
    [
      'no condition for writing of its own',
      `drop policy tenancy_isolation on job;
       create policy tenancy_isolation on job as restrictive to $app using (${condition})`,
      changed('WITH CHECK'),
    ],
    [
      'G3: a cast on the column',
      `alter policy tenancy_isolation on job using (tenant_id::varchar = NULLIF(current_setting('app.tenant_id', true), ''))`,
      changed('USING'),
    ],
    [
      'G2: without NULLIF',
      "alter policy tenancy_isolation on job using (tenant_id = current_setting('app.tenant_id', true))",
      changed('USING'),
    ],
    [
      'another setting',
      `alter policy tenancy_isolation on job using (${condition.replace('app.tenant_id', 'app.other')})`,
      changed('USING'),
    ],
    ['another role', 'alter policy tenancy_isolation on job to public', changed('is for public')],
    ['a role before', 'alter policy tenancy_access on job to $app, $admin', changed('is for')],
    ['a role after', 'alter policy tenancy_admin on job to $app, $admin', changed('is for')],
    [
      'permissive',
      `drop policy tenancy_isolation on job;
       create policy tenancy_isolation on job to $app using (${condition}) with check (${condition})`,
      changed('is permissive'),
    ],
    [
      'for one command',
      `drop policy tenancy_isolation on job;
       create policy tenancy_isolation on job as restrictive for update to $app using (${condition}) with check (${condition})`,
      changed('is not for all commands'),
    ],
    [
      'what lets through does not',
      'alter policy tenancy_access on job using (false); alter policy tenancy_admin on job with check (false)',
      [
        [
          'policy_changed',
          'public.job',
          expect.stringContaining('tenancy_access on public.job was changed: it has another'),
        ],
        [
          'policy_changed',
          'public.job',
          expect.stringContaining('tenancy_admin on public.job was changed: it has another'),
        ],
      ],
    ],
    [
      'temporary tables, of one role',
      `do $$ begin execute format('grant temporary on database %I to $admin', current_database()); end $$`,
      [
        [
          'temporary_granted',
          expect.stringMatching(/^\.admin_/),
          expect.stringContaining('may create temporary tables'),
        ],
      ],
    ],
    [
      'G7: the role may TRUNCATE',
      'grant truncate on job to public; grant truncate on country to $admin',
      [
        ['truncate_granted', 'public.job', expect.stringContaining('may TRUNCATE public.job')],
        ['truncate_granted', 'public.job', expect.stringContaining('may TRUNCATE public.job')],
        ['truncate_granted', 'public.country', expect.stringContaining('every tenant')],
      ],
    ],
    [
      'G7: a view without security_invoker',
      'alter view titles reset (security_invoker)',
      [['view_runs_as_owner', 'public.titles', expect.stringContaining('rights of its owner')]],
    ],
    [
      'G7: a view whose security_invoker is off',
      'alter view titles set (security_invoker = 0)',
      [['view_runs_as_owner', 'public.titles', expect.any(String)]],
    ],
  ])('%s', async (_what, sql, expected) => {
    expect(await driftAfter(sql)).toEqual(expected);
  });

  it.each([
    ['from where it looks the same', ''],
    ['from anywhere else', 'set local search_path = public'],
  ])("a function or an operator that only looks like PostgreSQL's, %s", async (_where, path) => {
    for (const lookalike of [
      `function trick.current_setting(text, boolean) returns text language sql immutable as $$ select 't_acme' $$`,
      'operator trick.= (function = pg_catalog.textne, leftarg = text, rightarg = text)',
    ]) {
      const drift = await driftAfter(
        `create schema trick; create ${lookalike};
         set local search_path = trick, pg_catalog, public;
         alter policy tenancy_isolation on public.job using (${condition}) with check (${condition});
         ${path}`,
        { repaired: path !== '' },
      );
      expect(drift).toContainEqual([
        'policy_changed',
        'public.job',
        expect.stringContaining('does not come with PostgreSQL'),
      ]);
    }
  });
});

describe('what only people can put right is found', () => {
  it('a policy of somebody else, where nothing holds it any more, with the statement that removes it', async () => {
    expect(await driftAfter('create policy "my own" on job using (true)')).toEqual([]);
    const drift = await driftAfter(
      `create policy "my own" on job using (true); drop policy tenancy_isolation on job;
       create policy narrow on job as restrictive using (true)`,
      { repaired: false },
    );
    expect(drift).toEqual([
      ['policy_missing', 'public.job', expect.anything()],
      ['policy_unknown', 'public.job', expect.stringContaining('DROP POLICY "my own" ON "public"."job"')],
    ]);
  });

  it('a table or view that is gone, or is something else', async () => {
    expect(
      await driftAfter('drop view titles; drop table note; drop table country; create view country as select 1', {
        repaired: false,
      }),
    ).toEqual([
      ['table_missing', 'public.note', expect.stringContaining('Create it, or remove it')],
      ['table_missing', 'public.country', expect.any(String)],
      ['view_missing', 'public.titles', expect.stringContaining('there is no view public.titles')],
    ]);
    expect((await driftAfter('drop table country', { repaired: false })).map(([kind, name]) => [kind, name])).toEqual([
      ['table_missing', 'public.country'],
    ]);
    const asTable =
      'drop view titles; create table titles (tenant_id text); drop table note; create view note as select 1';
    expect((await driftAfter(asTable, { repaired: false })).map(([kind]) => kind)).toEqual([
      'table_missing',
      'view_missing',
    ]);
  });

  it('a tenant column of another type than the options say, or of another name', async () => {
    const drift = await driftAfter('', {
      repaired: false,
      changes: { tables: [{ name: 'stage' }, { name: 'job', tenantColumn: 'org_id' }], shared: [] },
    });
    expect(drift).toContainEqual([
      'tenant_column_differs',
      'public.stage',
      expect.stringContaining('has the type varchar, and the options say text'),
    ]);
    expect(drift).toContainEqual([
      'tenant_column_differs',
      'public.job',
      expect.stringContaining('no column "org_id"'),
    ]);
  });

  it('a role that does not exist', async () => {
    const drift = await driftAfter('', { repaired: false, changes: { role: 'nobody_of_this_name' } });
    expect(drift[0]).toEqual(['role_missing', '.nobody_of_this_name', expect.stringContaining('does not exist')]);
    const admin = await driftAfter('', { repaired: false, changes: { adminRole: 'nobody_of_this_name' } });
    expect(admin[0]?.slice(0, 2)).toEqual(['role_missing', '.nobody_of_this_name']);
  });

  it('G7: what the application can reach and nobody classified: join tables, partitions, materialised views', async () => {
    const drift = await driftAfter(
      `create table job_tag (id int); grant insert on job_tag to $app;
       create table part (tenant_id text) partition by list (tenant_id);
       create table part_a partition of part for values in ('a'); grant select on part_a to $app;
       create materialized view totals as select 1 as n; grant select (n) on totals to public;
       create table closed (id int);
       create table emptied (id int); grant truncate on emptied to $app;
       create table removed (id int); grant delete on removed to $admin;
       create foreign data wrapper nowhere; create server elsewhere foreign data wrapper nowhere;
       create foreign table far (id int) server elsewhere; grant select on far to $app;
       grant select on tenancy_migrations to public`,
      { repaired: false },
    );
    expect(drift.map(([kind, name]) => [kind, name])).toEqual(
      ['emptied', 'far', 'job_tag', 'part_a', 'removed', 'totals'].map((name) => ['unclassified', `public.${name}`]),
    );
  });

  it('not that a shared table is written that may be', async () => {
    const changes = { shared: [{ name: 'country', writable: true }] };
    expect(await driftAfter('grant insert, update, delete on country to $app, $admin', { changes })).toEqual([]);
    expect(
      (await driftAfter('grant insert on country to $app', { repaired: false, changes })).map(([kind]) => kind),
    ).toEqual(['right_missing', 'right_missing']);
  });
});

it('asks as many queries for a hundred tables as for one', async () => {
  const queries = async (tables: CompilePoliciesOptions['tables']) => {
    let count = 0;
    const connection = {
      query: (sql: string, values?: unknown[]) => {
        count += 1;
        expect(sql).not.toContain('information_schema');
        return db.outside.query(sql, values);
      },
    };
    await policyDrift(connection, { ...db.roles, tables });
    return count;
  };
  const many = Array.from({ length: 100 }, (_, n) => ({ name: `many_${n}` }));
  await db.outside.query(many.map(({ name }) => `create table ${name} (tenant_id text)`).join(';'));
  await db.apply({ tables: many });
  expect([await queries([{ name: 'job' }]), await queries(many)]).toEqual([5, 5]);
});
