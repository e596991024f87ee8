import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { examine } from '../../src/doctor/examine.js';
import { startRules } from '../../src/doctor/rules.js';
import { isTenantFloorError, rowLevelSecurity } from '../../src/index.js';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import { policyDrift } from '../../src/policies/policy-drift.js';
import { readTables } from '../../src/policies/read-tables.js';
import { forAllTests } from '../database/for-all-tests.js';
import { asTenant, openPolicyDatabase } from './policy-database.js';

const db = forAllTests(() =>
  openPolicyDatabase(`
    create table job (tenant_id text not null, title text);
    create table country (code text primary key);
    create table _prisma_migrations (id serial primary key, checksum text);
    create table typeorm_metadata (type text, value text);
    create table "tenant registry" (id text primary key, secret text);
    create materialized view totals as select tenant_id, count(*) from job group by tenant_id;
    create foreign data wrapper nowhere;
    create server elsewhere foreign data wrapper nowhere;
    create foreign table remote (tenant_id text) server elsewhere;
    create table visit (tenant_id text, day int) partition by range (day);
    create table visit_old partition of visit for values from (0) to (100);
    create view statements as select 1 as n; alter extension plpgsql add view statements;
    create table spatial (srid int); alter extension plpgsql add table spatial;
    insert into job values ('t_acme', 'a'), ('t_globex', 'g');
    insert into visit values ('t_acme', 1), ('t_globex', 1);
    insert into "tenant registry" values ('t_globex', 'secret');
    grant all on all tables in schema public to public;
    grant usage on all sequences in schema public to public`),
);
let app: pg.Client;
const lists = {
  shared: ['country'],
  hidden: [
    '_prisma_migrations',
    'typeorm_metadata',
    'public.tenant registry',
    'totals',
    'remote',
    'visit_old',
    'statements',
  ],
};
beforeAll(async () => {
  await db.apply({ tables: [{ name: 'job' }] });
  app = await db.login(db.roles.role);
});

const verify = () => rowLevelSecurity(lists).verify?.(app) ?? expect.unreachable('there is nothing to verify');
const classified = async () => ({ ...db.roles, ...(await readTables(db.outside, lists)) });
const hidden = ['_prisma_migrations', 'typeorm_metadata', '"tenant registry"', 'totals', 'visit_old', 'statements'];

describe('F18: what is hidden', () => {
  beforeEach(async () => {
    await db.outside.query(compilePolicies(await classified()).sql);
  });

  it("is classified by the same list everywhere, and nothing of it is a tenant's, shared or a view", async () => {
    const { hidden, tables, shared, views } = await readTables(db.outside, lists);
    expect(hidden?.map(({ name }) => name)).toEqual([
      '_prisma_migrations',
      'remote',
      'statements',
      'tenant registry',
      'totals',
      'typeorm_metadata',
      'visit_old',
    ]);
    expect([tables, shared, views].map((list) => list.map(({ name }) => name))).toEqual([
      ['job', 'visit'],
      ['country'],
      [],
    ]);
    expect(await verify()).toEqual([]);
    expect(await policyDrift(db.outside, await classified())).toEqual([]);
  });

  it('cannot be read, counted or written by any tenant, while the own rows can', async () => {
    for (const tenant of ['t_acme', 't_globex', 't_acme']) {
      expect((await asTenant(app, tenant, 'select tenant_id from job')).rows).toEqual([{ tenant_id: tenant }]);
      expect((await asTenant(app, tenant, 'select tenant_id from visit')).rows).toEqual([{ tenant_id: tenant }]);
      for (const table of hidden) {
        for (const sql of [
          `select count(*) from ${table}`,
          `insert into ${table} default values`,
          `delete from ${table}`,
          `lock table ${table}`,
        ]) {
          await expect(asTenant(app, tenant, sql), sql).rejects.toThrow(/permission denied|cannot/);
        }
      }
      await expect(asTenant(app, tenant, `select nextval('_prisma_migrations_id_seq')`)).rejects.toThrow(
        'permission denied',
      );
    }
  });

  it('is found again where a right comes back, be it on one column, by doctor and drift, and the fix takes it away', async () => {
    await db.outside.query(
      `grant select (secret) on "tenant registry" to public; grant insert on _prisma_migrations to ${db.roles.role}`,
    );
    const findings = await verify();
    expect(findings).toMatchObject([
      {
        rule: 'hidden-tables',
        subject: 'public._prisma_migrations',
        fix: `revoke all on public._prisma_migrations from ${db.roles.role}`,
      },
      {
        rule: 'hidden-tables',
        subject: 'public.tenant registry',
        fix: 'revoke all on public."tenant registry" from public',
      },
    ]);
    expect(new Set((await policyDrift(db.outside, await classified())).map(({ kind }) => kind))).toEqual(
      new Set(['hidden_reachable']),
    );
    for (const { fix } of findings) await db.outside.query(fix);
    expect(await verify()).toEqual([]);
    expect(await policyDrift(db.outside, await classified())).toEqual([]);
  });

  it('need not be there: a tool makes its record when it first runs, and the SQL says it before', async () => {
    const { sql } = compilePolicies({
      ...(await classified()),
      hidden: [{ name: 'not there yet' }, { schema: 'nor this', name: 'x' }],
    });
    await db.outside.query(sql);
    expect(
      await rowLevelSecurity({ ...lists, hidden: [...lists.hidden, 'flyway_schema_history'] }).verify?.(app),
    ).toEqual([]);
  });

  it('is suggested for the records of migrations that are known by name', async () => {
    const error: unknown = await readTables(db.outside, { shared: ['country'] }).catch((thrown: unknown) => thrown);
    expect(isTenantFloorError(error, 'floor_misconfigured')).toBe(true);
    for (const name of ['_prisma_migrations', 'typeorm_metadata']) {
      expect(String(error)).toMatch(
        new RegExp(`public\\.${name} has no column .* record of a tool's migrations.* Name it in hidden`),
      );
    }
    await db.outside.query(`grant select on _prisma_migrations to ${db.roles.role}`);
    const [finding] = (await rowLevelSecurity({ shared: ['country'] }).verify?.(app)) ?? [];
    expect(finding).toMatchObject({
      subject: 'public._prisma_migrations',
      fix: expect.stringMatching(/^revoke all on .* -- .*`hidden`/),
    });
    await db.outside.query(finding?.fix ?? '');
    expect(await verify()).toEqual([]);
  });

  it("cannot be shared as well, and a name that is nothing's is refused where tables are read", async () => {
    const both = { shared: ['country'], hidden: [...lists.hidden, 'country'] };
    await expect(readTables(db.outside, both)).rejects.toThrow(/public\.country is named in both shared and hidden/);
    expect(() => rowLevelSecurity(both)).toThrow(/"country" is in both `shared` and `hidden`/);
    expect(() => rowLevelSecurity({ hidden: 'country' as never })).toThrow(/option `hidden` is not a list/);
    expect(() => compilePolicies({ role: 'app', tables: [{ name: 'job' }], hidden: [{ name: 'job' }] })).toThrow(
      /both tables and hidden/,
    );
    await expect(readTables(db.outside, { ...lists, hidden: [...lists.hidden, '_prisma_migration'] })).rejects.toThrow(
      /no table _prisma_migration, which hidden names/,
    );
  });
});

describe('F10: what an extension brings', () => {
  it('stops neither the pool nor readTables, named or not, by one list', async () => {
    await db.outside.query(`grant select on statements, spatial to public`);
    for (const shared of [['country'], ['country', 'statements'], ['country', 'public.spatial', 'statements']]) {
      const options = { shared, hidden: lists.hidden.filter((name) => name !== 'statements') };
      const classification = await readTables(db.outside, options);
      expect(classification.shared.map(({ name }) => name)).toEqual(shared.map((name) => name.replace('public.', '')));
      await db.outside.query(compilePolicies({ ...db.roles, ...classification }).sql);
      expect(await rowLevelSecurity(options).verify?.(app)).toEqual([]);
      expect(await policyDrift(db.outside, { ...db.roles, ...classification })).toEqual([]);
      expect((await asTenant(app, 't_acme', 'select n from statements')).rows).toEqual([{ n: 1 }]);
    }
    await db.outside.query(`grant select on statements, spatial to public`);
    expect(
      await examine(
        app,
        {
          setting: 'app.tenant_id',
          schemas: ['public'],
          tenantColumn: 'tenant_id',
          ...lists,
          hidden: ['_prisma_migrations'],
        },
        startRules,
      ),
    ).toEqual([]);
  });
});
