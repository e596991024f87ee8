import { isTenancyError } from '@tenancy/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminPool, type AdminPoolAuditEvent } from '../../src/admin.js';
import { acme, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';

describe('AdminPool', () => {
  const database = forAllTests(openFloorDatabase);
  let admin: AdminPool;
  const events: AdminPoolAuditEvent[] = [];

  beforeAll(async () => {
    admin = new AdminPool({ connectionString: database.superuserUrl, audit: (event) => void events.push(event) });
  });
  afterAll(async () => {
    await admin.end();
  });

  const tenantsSeen = (reason: string) =>
    admin.acrossTenants({ reason }, async (pool) => {
      const { rows } = await pool.query<{ tenant_id: string }>('select distinct tenant_id from job order by 1');
      return rows.map((row) => row.tenant_id);
    });

  it("sees every tenant's rows, and leaves an event that says why and from where", async () => {
    expect(await tenantsSeen('invoices')).toEqual(['t_acme', 't_globex', 't_initech']);
    expect(await database.context.run(acme, () => tenantsSeen('ticket 4711'))).toHaveLength(3);
    expect(events).toMatchObject([
      { action: 'across_tenants', reason: 'invoices', fromTenantId: null },
      { action: 'across_tenants', reason: 'ticket 4711', fromTenantId: 't_acme' },
    ]);
  });

  it.each(['', '  ', undefined])('refuses to work for the reason %j', async (reason) => {
    const refusal = await tenantsSeen(reason as string).catch((error: unknown) => error);
    expect(isTenancyError(refusal, 'tenancy_misconfigured')).toBe(true);
  });

  it('does not do what cannot be recorded', async () => {
    const silent = new AdminPool({
      connectionString: database.superuserUrl,
      audit: () => Promise.reject(new Error('the audit log is full')),
    });
    let ran = false;
    await expect(
      silent.acrossTenants({ reason: 'invoices' }, () => {
        ran = true;
      }),
    ).rejects.toThrow('the audit log is full');
    expect(ran).toBe(false);
    await silent.end();
  });
});
