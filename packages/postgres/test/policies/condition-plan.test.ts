import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { isTenantCondition, TENANT_COLUMN_TYPES, tenantCondition } from '../../src/policies/policy-body.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openPolicyDatabase } from './policy-database.js';

const types = TENANT_COLUMN_TYPES.map((type) => [type, `job_${type}`] as const);
const id = (type: string, n: string) => (type === 'uuid' ? `lpad((${n})::text, 32, '0')::uuid` : `(${n})::${type}`);

const db = forAllTests(() =>
  openPolicyDatabase(
    types
      .map(
        ([type, table]) => `
          create table ${table} (tenant_id ${type} not null, note text);
          insert into ${table} select ${id(type, 'n % 200')}, repeat('x', 100) from generate_series(1, 20000) n;
          insert into ${table} select ${id(type, '8')}, repeat('x', 100) from generate_series(1, 5000);
          create index on ${table} (tenant_id)`,
      )
      .join(';'),
  ),
);
let app: pg.Client;
beforeAll(async () => {
  // Two hundred tenants of a hundred rows, of which tenant 8 has five thousand more.
  await db.apply({ tables: types.map(([type, name]) => ({ name, type })) });
  await db.outside.query('analyze');
  app = await db.login(db.roles.role);
});

async function plan(client: pg.Client, type: string, sql: string, tenant = 7): Promise<string> {
  await client.query(`select set_config('app.tenant_id', ${id(type, `${tenant}`)}::text, false)`);
  const { rows } = await client.query(`explain ${sql}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe.each(types)('with a tenant column of type %s', (type, table) => {
  it('G3: the index on the tenant column is used', async () => {
    expect(await plan(app, type, `select * from ${table}`)).toMatch(/Index Cond: .*tenant_id/);
  });

  it('the planner knows how many rows this tenant has, and not only how many one has on average', async () => {
    for (const [tenant, rows] of [[7, 100] as const, [8, 5100] as const]) {
      const estimated = Number(/rows=(\d+)/.exec(await plan(app, type, `select * from ${table}`, tenant))?.[1]);
      expect(estimated).toBeGreaterThan(rows / 2);
      expect(estimated).toBeLessThan(rows * 2);
    }
  });

  it('the two policies cost nothing against a single permissive one', async () => {
    const compiled = await plan(app, type, `select * from ${table}`);
    await db.outside.query(`
      drop policy tenancy_access on ${table}; drop policy tenancy_isolation on ${table};
      create policy alone on ${table} to ${db.roles.role}
        using (${tenantCondition('tenant_id', type, 'app.tenant_id').sql})`);
    expect(await plan(app, type, `select * from ${table}`)).toBe(compiled);
    await db.outside.query(`drop policy alone on ${table}`);
    await db.apply({ tables: [{ name: table, type }] });
  });
});

it('G3: a cast on the column would put the index out of use', async () => {
  const setting = "NULLIF(current_setting('app.tenant_id', true), '')";
  expect(await plan(db.outside, 'uuid', `select * from job_uuid where tenant_id::text = ${setting}`)).toContain(
    'Seq Scan',
  );
});

describe('the condition as PostgreSQL prints it', () => {
  const columns = ['tenant_id', 'tenantId', 'order', 'int', 'a"b', "o'c", '$1', '$&', 'ü', 'x'.repeat(63)];

  it.each(TENANT_COLUMN_TYPES)('is recognised for %s and any name of a column', async (type) => {
    for (const column of columns) {
      const quoted = `"${column.replaceAll('"', '""')}"`;
      const { sql, deparsed } = tenantCondition(column, type, 'app.tenant_id');
      await db.outside.query(`
        create table printed (${quoted} ${type}, other ${type});
        create policy p on printed using (${sql})`);
      const [row] = await db.rows("select pg_get_expr(polqual, polrelid) as text from pg_policy where polname = 'p'");
      await db.outside.query('drop table printed');
      const text = String(row?.['text']);
      expect(isTenantCondition(text, column, type, 'app.tenant_id'), text).toBe(true);
      if (column !== 'order' && column !== 'int') expect(text).toBe(deparsed);
      expect(isTenantCondition(text, 'other', type, 'app.tenant_id')).toBe(false);
      expect(isTenantCondition(text, column, type, 'app.other')).toBe(false);
    }
  });

  it('is not recognised with anything beside it', () => {
    const { deparsed } = tenantCondition('tenant_id', 'text', 'app.tenant_id');
    for (const text of [null, 'true', '', `(${deparsed} OR true)`, deparsed.replace('NULLIF', 'COALESCE')]) {
      expect(isTenantCondition(text, 'tenant_id', 'text', 'app.tenant_id')).toBe(false);
    }
  });
});
