import type { Tenant } from '@tenancy/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  globex,
  type HiringDatabase,
  interleaved,
  openHiringDatabase,
  otherThan,
  tenants,
} from './database/hiring-database.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

const notThere = { code: 'P2025' };
const title = 'job 1';

/** Both tenants have a job of this title and a candidate of this address: the keys hold the tenant. */
describe('prisma-20: the rest of a unique key that holds the tenant is enough', () => {
  const ways: Record<string, (tenant: Tenant, round: number) => Promise<void>> = {
    findUnique: async ({ id: tenantId, slug }) => {
      const own = { tenantId, id: `${slug}-job-1` };
      expect(await db.prisma.job.findUnique({ where: { title } })).toMatchObject(own);
      expect(await db.prisma.job.findUnique({ where: { tenantId, title } as never })).toMatchObject(own);
      expect(await db.prisma.job.findUnique({ where: { tenantId_title: { title } } })).toMatchObject(own);
      expect(await db.prisma.job.findUnique({ where: { title, salary: { lt: 0 } } })).toBeNull();
      expect(await db.prisma.job.findUnique({ where: { title } }).office()).toMatchObject({ tenantId });
    },
    findUniqueOrThrow: async ({ id: tenantId }) => {
      expect(await db.prisma.job.findUniqueOrThrow({ where: { title } })).toMatchObject({ tenantId });
      await expect(db.prisma.job.findUniqueOrThrow({ where: { title: 'none' } })).rejects.toMatchObject(notThere);
    },
    'findMany with a cursor': async ({ slug }) => {
      for (const cursor of [{ title: 'job 2' }, { tenantId_title: { title: 'job 2' } }]) {
        const page = await db.prisma.job.findMany({ cursor, orderBy: { title: 'asc' } });
        expect(page.map(({ id }) => id)).toEqual([`${slug}-job-2`, `${slug}-job-3`]);
      }
    },
    update: async ({ slug }, round) => {
      const where = { tenantId_title: { title } };
      expect(await db.prisma.job.update({ where, data: { salary: round } })).toMatchObject({ id: `${slug}-job-1` });
    },
    upsert: async ({ id: tenantId }, round) => {
      const where = { email: `new-${round}@example.com` };
      for (const stage of ['APPLIED', 'HIRED'] as const) {
        const row = await db.prisma.candidate.upsert({ where, create: where, update: { stage: 'HIRED' } });
        expect(row).toMatchObject({ tenantId, stage });
      }
    },
    delete: async ({ id: tenantId }, round) => {
      const where = { email: `gone-${round}@example.com` };
      await db.prisma.candidate.create({ data: where });
      expect(await db.prisma.candidate.delete({ where })).toMatchObject({ tenantId });
      await expect(db.prisma.candidate.delete({ where })).rejects.toMatchObject(notThere);
    },
    'what is nested': async ({ id: tenantId, slug }, round) => {
      const email = 'c1@example.com';
      const select = { candidates: { where: { email }, select: { tenantId: true } } };
      const nested = [
        { disconnect: { email } },
        { connect: { email_tenantId: { email } } },
        { update: { where: { email }, data: { tags: [slug, `${round}`] } } },
        { connectOrCreate: { where: { email }, create: { email } } },
        { upsert: { where: { email_tenantId: { email } }, create: { email }, update: { stage: 'HIRED' } } },
        { set: [{ email }] },
        { delete: { email } },
      ];
      for (const candidates of nested) {
        const job = await db.prisma.job.update({ where: { title }, data: { candidates: candidates as never }, select });
        const isGone = 'disconnect' in candidates || 'delete' in candidates;
        expect(job.candidates).toEqual(isGone ? [] : [{ tenantId }]);
      }
    },
  };

  it.each(Object.entries(ways))('%s', async (_name, work) => {
    for (const tenant of tenants) {
      const before = await db.rowsOf(otherThan(tenant));
      await db.context.run(tenant, () => work(tenant, 0));
      expect(await db.rowsOf(otherThan(tenant))).toEqual(before);
    }
  });

  it.each(Object.entries(ways))('%s, interleaved', (name, work) =>
    // What is nested moves one and the same row.
    interleaved(db.context, (tenant, _other, round) => work(tenant, round), name === 'what is nested' ? 1 : 10),
  );

  it('a filter of it is no key, and neither is a part of the rest', async () => {
    await db.context.run(globex, async () => {
      for (const where of [{ title: { contains: 'job' } }, { title: null }, { tenantId: globex.id }, {}]) {
        await expect(db.prisma.job.findUnique({ where: where as never })).rejects.toMatchObject({
          name: 'PrismaClientValidationError',
        });
      }
    });
  });
});
