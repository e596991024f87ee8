import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdminPrisma, type AdminPrismaAuditEvent } from '../src/admin.js';
import { acme, globex, type HiringDatabase, interleaved, openHiringDatabase } from './database/hiring-database.js';
import { PrismaClient } from './generated/client.js';

let db: HiringDatabase;
let events: AdminPrismaAuditEvent[];
let admin: AdminPrisma<PrismaClient>;
beforeAll(async () => {
  db = await openHiringDatabase();
});
afterAll(() => db.stop());
beforeEach(async () => {
  await db.seed();
  events = [];
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  admin = new AdminPrisma(prisma, { shared: ['Country'], audit: (event) => void events.push(event) });
});

describe('AdminPrisma', () => {
  it("forTenant reads and writes that tenant's rows and no others, outside contexts and inside another's", async () => {
    const before = await db.rowsOf(acme);
    expect((await admin.forTenant(globex.id).job.findMany()).map(({ tenantId }) => tenantId)).toEqual(
      Array(3).fill(globex.id),
    );
    await db.context.run(acme, () =>
      admin.forTenant(globex.id).job.create({ data: { id: 'made', title: 'by the admin' } }),
    );
    expect(await db.outside.job.findUnique({ where: { id: 'made' } })).toMatchObject({ tenantId: globex.id });
    expect(await db.rowsOf(acme)).toEqual(before);
    expect(events.map(({ action, tenantId, fromTenantId }) => [action, tenantId, fromTenantId])).toEqual([
      ['for_tenant', globex.id, null],
      ['for_tenant', globex.id, acme.id],
    ]);
    await interleaved(db.context, async (tenant, other) => {
      const jobs = await Promise.all([admin.forTenant(other.id).job.findMany(), db.prisma.job.findMany()]);
      const [theirs, own] = jobs.map((rows) => new Set(rows.map(({ tenantId }) => tenantId)));
      expect([theirs, own]).toEqual([new Set([other.id]), new Set([tenant.id])]);
    });
  });

  it('forTenant hands the client to a function, as that of TypeORM does, once it is recorded', async () => {
    const jobs = await db.context.run(acme, () => admin.forTenant(globex.id, (theirs) => theirs.job.findMany()));
    expect(jobs.map(({ tenantId }) => tenantId)).toEqual(Array(3).fill(globex.id));
    expect(events).toMatchObject([{ action: 'for_tenant', tenantId: globex.id, fromTenantId: acme.id }]);
    await interleaved(db.context, async (tenant, other) => {
      const [theirs, own] = await Promise.all([
        admin.forTenant(other.id, (client) => client.job.findMany()),
        db.prisma.job.findMany(),
      ]);
      expect(new Set(theirs.map(({ tenantId }) => tenantId))).toEqual(new Set([other.id]));
      expect(new Set(own.map(({ tenantId }) => tenantId))).toEqual(new Set([tenant.id]));
    });
    for (const id of ['', undefined, 'a\0b'])
      await expect(admin.forTenant(id as string, () => 1)).rejects.toMatchObject({ code: 'scope_misconfigured' });
    await expect(admin.forTenant(acme.id, null as never)).rejects.toMatchObject({ code: 'tenancy_misconfigured' });
  });

  it('acrossTenants hands over the unscoped client, with a reason', async () => {
    expect(await admin.acrossTenants({ reason: 'monthly invoices' }, (raw) => raw.job.count())).toBe(6);
    expect(events).toMatchObject([{ action: 'across_tenants', tenantId: null, reason: 'monthly invoices' }]);
    await expect(admin.acrossTenants({ reason: ' ' }, (raw) => raw.job.count())).rejects.toMatchObject({
      code: 'tenancy_misconfigured',
    });
    await expect(admin.acrossTenants({ reason: 'x' }, undefined as never)).rejects.toThrow(
      'tenancy_misconfigured: AdminPrisma.acrossTenants',
    );
    expect(events).toHaveLength(1);
  });

  it('does nothing that cannot be recorded', async () => {
    const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
    const failing = new AdminPrisma(prisma, { shared: ['Country'], audit: () => Promise.reject(new Error('sink')) });
    await expect(failing.forTenant(acme.id).job.deleteMany()).rejects.toThrow('sink');
    await expect(failing.forTenant(acme.id).$transaction(async (tx) => tx.job.deleteMany())).rejects.toThrow('sink');
    let called = false;
    const handed = failing.forTenant(acme.id, () => {
      called = true;
    });
    await expect(handed).rejects.toThrow('sink');
    expect(called).toBe(false);
    await expect(failing.acrossTenants({ reason: 'x' }, (raw) => raw.job.deleteMany())).rejects.toThrow('sink');
    expect(await db.outside.job.count()).toBe(6);
  });

  it('refuses what is no tenant id, and a client that cannot be scoped', () => {
    for (const id of ['', undefined, null, 5, 'a\0b', 'x'.repeat(256)])
      expect(() => admin.forTenant(id as string)).toThrow(expect.objectContaining({ code: 'scope_misconfigured' }));
    expect(() => new AdminPrisma({} as PrismaClient)).toThrow(expect.objectContaining({ code: 'scope_misconfigured' }));
  });
});
