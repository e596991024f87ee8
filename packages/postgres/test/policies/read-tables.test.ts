import { describe, expect, it } from 'vitest';
import { isTenantFloorError } from '../../src/errors/tenant-floor-error.js';
import { policyDrift } from '../../src/policies/policy-drift.js';
import { type ReadTablesOptions, readTables } from '../../src/policies/read-tables.js';
import { forAllTests } from '../database/for-all-tests.js';
import { asTenant, openPolicyDatabase } from './policy-database.js';

const db = forAllTests(() =>
  openPolicyDatabase(`
    create table job (tenant_id text not null, title text);
    create table "Office" (tenant_id uuid not null);
    create table stage (tenant_id varchar(40));
    create table reading (tenant_id bigint not null, day int not null) partition by range (day);
    create table reading_1 partition of reading for values from (0) to (100);
    create table country (code text);
    create view titles as select * from job;
    create table tenancy_migrations (name text);
    create table tenancy_changes (name text);
    create schema crm;
    create table crm.lead (tenant_id integer not null);
    create table crm.country (code text)`),
);

const complaint = async (options: ReadTablesOptions) => {
  const error: unknown = await readTables(db.outside, options).then(
    () => expect.unreachable('it was classified'),
    (reason: unknown) => reason,
  );
  expect(isTenantFloorError(error, 'floor_misconfigured')).toBe(true);
  return (error as Error).message;
};
/** With something more in the database, for the length of one question. */
const withTable = async <T>(sql: string, ask: () => Promise<T>): Promise<T> => {
  await db.outside.query(`begin; ${sql}`);
  return ask().finally(() => db.outside.query('rollback'));
};

describe('a classification', () => {
  it('says of each table, partition and view what it is, in the order of their names', async () => {
    expect(await readTables(db.outside, { shared: ['country'] })).toEqual({
      tables: [
        { schema: 'public', name: 'Office', tenantColumn: 'tenant_id', type: 'uuid', nullable: false },
        { schema: 'public', name: 'job', tenantColumn: 'tenant_id', type: 'text', nullable: false },
        { schema: 'public', name: 'reading', tenantColumn: 'tenant_id', type: 'bigint', nullable: false },
        { schema: 'public', name: 'reading_1', tenantColumn: 'tenant_id', type: 'bigint', nullable: false },
        { schema: 'public', name: 'stage', tenantColumn: 'tenant_id', type: 'varchar', nullable: true },
      ],
      shared: [{ schema: 'public', name: 'country', writable: false }],
      views: [{ schema: 'public', name: 'titles' }],
    });
  });

  it('covers several schemas, where a bare name is meant in each and a full one in its own', async () => {
    const schemas = ['public', 'crm', 'crm'];
    const { tables, shared } = await readTables(db.outside, { schemas, shared: ['country'] });
    expect(tables.filter(({ schema }) => schema === 'crm')).toMatchObject([{ name: 'lead', type: 'integer' }]);
    expect(shared.map(({ schema }) => schema)).toEqual(['crm', 'public']);
    const objects = [
      { name: 'country', writable: true },
      { schema: 'crm', name: 'country' },
    ];
    expect((await readTables(db.outside, { schemas, shared: objects })).shared).toEqual([
      { schema: 'crm', name: 'country', writable: false },
      { schema: 'public', name: 'country', writable: true },
    ]);
    expect(await complaint({ schemas, shared: ['crm.country'] })).toContain('The table public.country has no column');
  });

  it('leaves out what belongs to an extension, unless it is shared', async () => {
    const sql = `create table spatial (srid int); alter extension plpgsql add table spatial;
      create view statements as select 1 as n; alter extension plpgsql add view statements`;
    await withTable(sql, async () => {
      const { shared, views } = await readTables(db.outside, { shared: ['country'] });
      expect([shared.length, views.map(({ name }) => name)]).toEqual([1, ['titles']]);
      expect((await readTables(db.outside, { shared: ['country', 'spatial'] })).shared).toHaveLength(2);
    });
  });

  it('is compiled and applied as it is, and nothing differs then', async () => {
    const classification = await readTables(db.outside, { shared: ['country'] });
    await db.apply(classification);
    expect(await policyDrift(db.outside, { ...db.roles, ...classification })).toEqual([]);
  });

  it('is read with one query, and by a role without any rights on the tables', async () => {
    await db.outside.query('revoke all on all tables in schema crm from public');
    const app = await db.login(db.roles.role);
    const sent: string[] = [];
    const connection = {
      query: (sql: string, values?: unknown[]) => {
        sent.push(sql);
        return app.query(sql, values);
      },
    };
    const { tables } = await readTables(connection, { schemas: ['crm'], shared: ['country'] });
    expect([tables.length, sent.length]).toEqual([1, 1]);
    expect(sent.join()).not.toContain('information_schema');
  });
});

it("a row without a tenant is nobody's: only the administrator's role sees it, and no tenant writes one", async () => {
  await db.apply(await readTables(db.outside, { shared: ['country'] }));
  await db.outside.query("insert into stage values (null), ('t_acme')");
  const [app, admin] = [await db.login(db.roles.role), await db.login(db.roles.adminRole)];
  expect((await asTenant(app, 't_acme', 'select * from stage')).rows).toEqual([{ tenant_id: 't_acme' }]);
  for (const tenant of [null, '']) expect((await asTenant(app, tenant, 'select * from stage')).rows).toEqual([]);
  await expect(asTenant(app, '', 'insert into stage values (null)')).rejects.toThrow('row-level security policy');
  await expect(asTenant(app, 't_acme', 'update stage set tenant_id = null')).rejects.toThrow('policy');
  expect((await admin.query('select * from stage')).rowCount).toBe(2);
});

describe('it refuses', () => {
  it("G7: tables that are neither a tenant's nor shared, all of them at once", async () => {
    const message = await withTable('create table job_tag (job_id int); create table tag (name text)', () =>
      complaint({}),
    );
    for (const name of ['country', 'job_tag', 'tag']) {
      expect(message).toMatch(new RegExp(`The table public\\.${name} has no column "tenant_id".*name it in shared`));
    }
  });

  it('a name in shared that does not exist, and a schema that does not exist', async () => {
    const message = await complaint({
      schemas: ['public', 'sales'],
      shared: ['country', 'contry', { name: 'curency' }],
    });
    expect(message).toMatch(/There is no table contry, which shared names\. Correct the name/);
    expect(message).toMatch(/There is no table public\.curency/);
    expect(message).toMatch(/There is no schema "sales"/);
  });

  it('a shared table with the tenant column, and a shared view', async () => {
    const message = await complaint({ shared: ['country', 'job', 'titles'] });
    expect(message).toMatch(/public\.job is named in shared and has the column "tenant_id".*Remove it from shared/);
    expect(message).toMatch(/The view public\.titles is named in shared.*Remove it from shared/);
  });

  it("G7: a materialised view that is not shared, and one with tenants' rows in any case", async () => {
    const sql =
      'create materialized view totals as select 1 as n; create materialized view all_jobs as select * from job';
    await withTable(sql, async () => {
      const message = await complaint({ shared: ['country'] });
      expect(message).toMatch(/The materialised view public\.totals cannot have policies\. Name it in shared/);
      expect(message).toMatch(/The materialised view public\.all_jobs cannot have policies/);
    });
    await withTable(sql, async () => {
      expect(await complaint({ shared: ['country', 'totals', 'all_jobs'] })).toMatch(
        /public\.all_jobs has the column "tenant_id" and cannot have policies.*Move it to a schema/,
      );
    });
    await withTable('create materialized view totals as select 1 as n', async () => {
      const { shared } = await readTables(db.outside, { shared: ['country', 'totals'] });
      expect(shared.map(({ name }) => name)).toEqual(['country', 'totals']);
    });
  });

  it('G7: a foreign table that is not shared', async () => {
    const sql = `create foreign data wrapper w; create server s foreign data wrapper w;
      create foreign table remote_job (tenant_id text) server s`;
    const message = await withTable(sql, () => complaint({ shared: ['country'] }));
    expect(message).toContain('The foreign table public.remote_job cannot have policies');
  });

  it.each(['jsonb', 'numeric', 'char(8)', 'smallint', 'text[]', 'stage_type', 'tenant_domain'])(
    'G3: a tenant column of type %s',
    async (type) => {
      const sql = `create type stage_type as enum ('a'); create domain tenant_domain as text;
        create table odd (tenant_id ${type})`;
      const message = await withTable(sql, () => complaint({ shared: ['country'] }));
      expect(message).toMatch(
        /public\.odd has the tenant column "tenant_id" of type .*\(G3\)\. Change it to text, varchar/,
      );
    },
  );

  it('a tenant column that takes two ids for the same', async () => {
    const sql = `create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table odd (tenant_id text collate nocase)`;
    const message = await withTable(sql, () => complaint({ shared: ['country'] }));
    expect(message).toMatch(/public\.odd .* a collation that takes different texts for equal.*Give it/);
  });
});
