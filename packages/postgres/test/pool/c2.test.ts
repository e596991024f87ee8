import type { Tenant } from '@tenancy/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FloorDatabase, openFloorDatabase, tenants } from '../database/floor-database.js';

const CALLERS = 60;
const QUERIES = 400;

describe('C2: callers of three tenants, many more than connections', () => {
  let database: FloorDatabase;
  beforeAll(async () => {
    database = await openFloorDatabase();
  });
  afterAll(() => database.stop());

  /** `CALLERS` callers of different tenants at once, each `QUERIES` times. */
  const interleaved = (work: (tenant: Tenant, round: number) => Promise<unknown>) =>
    Promise.all(
      Array.from({ length: CALLERS }, (_, caller) => {
        const tenant = tenants[caller % tenants.length] as Tenant;
        return database.context.run(tenant, async () => {
          for (let round = 0; round < QUERIES; round += 1) await work(tenant, round);
        });
      }),
    );
  let wrong = 0;
  const check = (tenant: Tenant, rows: readonly { tenant_id: string }[], due = 10) => {
    if (rows.length !== due || rows.some((row) => row.tenant_id !== tenant.id)) wrong += 1;
  };

  it('pool.query, promise form: 24,000 queries', async () => {
    const pool = database.pool({ max: 5 });
    await interleaved(async (tenant) => check(tenant, (await pool.query('select * from job')).rows));
    expect(wrong).toBe(0);
  });
});
