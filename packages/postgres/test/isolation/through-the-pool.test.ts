import { type Tenant, TenantContext } from '@tenancy/core';
import { createDatabase, type TestDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  createTenantPool,
  databasePerTenant,
  isolationByTenant,
  isTenantFloorError,
  rowLevelSecurity,
  type TenantPool,
} from '../../src/index.js';
import { acme, type FloorDatabase, globex, initech, openFloorDatabase, tenants } from '../database/floor-database.js';

/** acme and globex share a database under policies; initech has one of its own. */
describe('a database of its own for one tenant, through the pool', () => {
  const context = new TenantContext();
  let shared: FloorDatabase;
  let own: TestDatabase;
  let pool: TenantPool;
  beforeAll(async () => {
    [shared, own] = await Promise.all([openFloorDatabase(), createDatabase(inject('postgresUrl'))]);
    const client = new pg.Client({ connectionString: own.url });
    await client.connect();
    await client.query('create table job (tenant_id text not null, id int primary key, title text not null)');
    await client.query(`insert into job select 't_initech', n, 'own job ' || n from generate_series(1, 10) n`);
    await client.end();
    const dedicated = databasePerTenant({ connection: () => own.url });
    pool = createTenantPool({
      connectionString: shared.url,
      max: 3,
      context,
      isolation: isolationByTenant(rowLevelSecurity({ shared: ['country'] }), ({ id }) =>
        id === initech.id ? dedicated : undefined,
      ),
    });
  });
  afterAll(async () => {
    await pool.end();
    await shared.stop();
    await own.stop();
  });

  const jobs = async (tenant: Tenant) => {
    const { rows } = await context.run(tenant, () =>
      pool.query<{ tenant_id: string; title: string; here: string }>('select *, current_database() as here from job'),
    );
    return rows;
  };

  it('takes each tenant to its own rows in its own place, and to no others', async () => {
    const seen = await Promise.all(
      Array.from({ length: 30 }, () => tenants.map(async (who) => [who, await jobs(who)] as const)).flat(),
    );
    for (const [tenant, rows] of seen) {
      expect(rows).toHaveLength(10);
      expect(rows.every((row) => row.tenant_id === tenant.id)).toBe(true);
      expect(rows.every((row) => (row.here === own.name) === (tenant === initech))).toBe(true);
    }
  });

  it('binds transactions there too, and gives the connection back clean', async () => {
    await context.run(initech, async () => {
      const client = await pool.connect();
      await client.query('begin');
      await client.query("insert into job values (current_setting('app.tenant_id'), 11, 'in a transaction')");
      await client.query('rollback');
      client.release();
    });
    expect(await jobs(initech)).toHaveLength(10);
    await expect(context.run(initech, () => pool.query('listen jobs'))).rejects.toThrow('statement_refused');
  });

  it("refuses a tenant whose connection leads into another tenant's database", async () => {
    const both = createTenantPool({ context, isolation: databasePerTenant({ connection: () => own.url }) });
    await context.run(acme, () => both.query('select 1'));
    const refusal = await context.run(globex, () => both.query('select 1')).catch((error: unknown) => error);
    expect(isTenantFloorError(refusal, 'tenant_unplaceable')).toBe(true);
    expect(String(refusal)).not.toMatch(/t_acme|t_globex|postgres:/);
    await both.end();
  });
});
