import type { Tenant } from '@tenancy/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  acme,
  globex,
  type HiringDatabase,
  interleaved,
  openHiringDatabase,
  otherThan,
} from './database/hiring-database.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

const notThere = { code: 'P2025' };
const job = (tenant: Tenant, n: number | string) => `${tenant.slug}-job-${n}`;
const newId = ({ slug }: Tenant, round: number, n = 0) => `${slug}-new-${round}-${n}`;

/** Each does one operation on rows of the tenant's own, and tries the same on the other's. */
const writes: Record<string, (tenant: Tenant, other: Tenant, round: number) => Promise<void>> = {
  create: async (tenant, _other, round) => {
    const row = await db.prisma.job.create({ data: { id: newId(tenant, round), title: `new ${round}` } });
    expect(row).toMatchObject({ tenantId: tenant.id, title: `new ${round}` });
  },
  createMany: async (tenant, other, round) => {
    const data = [1, 2].map((n) => ({ id: newId(tenant, round, n), title: `new ${round} ${n}` }));
    expect(await db.prisma.job.createMany({ data })).toEqual({ count: 2 });
    const taken = { id: job(other, 1), title: `taken ${round}` };
    expect(await db.prisma.job.createMany({ data: taken, skipDuplicates: true })).toEqual({ count: 0 });
    expect(await db.prisma.job.count({ where: { title: { startsWith: `new ${round} ` } } })).toBe(2);
  },
  createManyAndReturn: async (tenant, _other, round) => {
    const data = [{ id: newId(tenant, round), title: `new ${round}` }];
    expect(await db.prisma.job.createManyAndReturn({ data, select: { tenantId: true } })).toEqual([
      { tenantId: tenant.id },
    ]);
  },
  update: async (tenant, other, round) => {
    const { job: jobs } = db.prisma;
    expect(await jobs.update({ where: { id: job(tenant, 1) }, data: { salary: round } })).toMatchObject({
      salary: round,
    });
    await expect(jobs.update({ where: { id: job(other, 1) }, data: { salary: -1 } })).rejects.toMatchObject(notThere);
    const foreign = { tenantId_title: { tenantId: other.id, title: 'job 1' } };
    await expect(jobs.update({ where: foreign, data: { salary: -1 } })).rejects.toMatchObject(notThere);
  },
  updateMany: async (_tenant, other) => {
    expect(await db.prisma.job.updateMany({ data: { salary: { increment: 1 } } })).toEqual({ count: 3 });
    expect(await db.prisma.job.updateMany({ where: { tenantId: other.id }, data: { salary: -1 } })).toEqual({
      count: 0,
    });
  },
  updateManyAndReturn: async (tenant, other) => {
    const rows = await db.prisma.job.updateManyAndReturn({
      where: { OR: [{ id: { not: "nobody's" } }] },
      data: { salary: 7 },
    });
    expect(rows.map(({ tenantId }) => tenantId)).toEqual([tenant.id, tenant.id, tenant.id]);
    const foreign = { id: { in: [job(other, 1), job(other, 2)] } };
    expect(await db.prisma.job.updateManyAndReturn({ where: foreign, data: { salary: -1 } })).toEqual([]);
  },
  upsert: async (tenant, _other, round) => {
    const upsert = (salary: number) =>
      db.prisma.job.upsert({
        where: { id: newId(tenant, round) },
        create: { id: newId(tenant, round), title: `new ${round}`, salary },
        update: { salary },
      });
    expect(await upsert(1)).toMatchObject({ tenantId: tenant.id, salary: 1 });
    expect(await upsert(2)).toMatchObject({ tenantId: tenant.id, salary: 2 });
  },
  delete: async (tenant, other, round) => {
    const { candidate } = db.prisma;
    const { id } = await candidate.create({ data: { email: `gone-${round}@example.com` } });
    expect(await candidate.delete({ where: { id } })).toMatchObject({ tenantId: tenant.id });
    const foreign = await db.outside.candidate.findFirstOrThrow({ where: { tenantId: other.id } });
    await expect(candidate.delete({ where: { id: foreign.id } })).rejects.toMatchObject(notThere);
    await expect(db.prisma.job.delete({ where: { id: job(other, 3) } })).rejects.toMatchObject(notThere);
  },
  deleteMany: async (_tenant, other, round) => {
    const { candidate } = db.prisma;
    await candidate.create({ data: { email: `gone-${round}@example.com` } });
    expect(await candidate.deleteMany({ where: { email: `gone-${round}@example.com` } })).toEqual({ count: 1 });
    expect(await candidate.deleteMany({ where: { OR: [{ tenantId: other.id }] } })).toEqual({ count: 0 });
  },
};

describe("every write reaches its tenant's rows and no others", () => {
  it.each(Object.entries(writes))('%s', async (_name, write) => {
    for (const tenant of [acme, globex]) {
      const other = otherThan(tenant);
      const before = await db.rowsOf(other);
      await db.context.run(tenant, () => write(tenant, other, 0));
      expect(await db.rowsOf(other)).toEqual(before);
    }
  });

  it.each(Object.entries(writes))('%s, interleaved', async (_name, write) => {
    await interleaved(db.context, write, 5);
    for (const tenant of [acme, globex]) {
      const { jobs, candidates } = await db.rowsOf(tenant);
      expect(jobs.filter(({ id, salary }) => !id.startsWith(tenant.slug) || salary < 0)).toEqual([]);
      expect(
        candidates.map(({ tags }) => tags[0]).filter((slug) => slug !== tenant.slug && slug !== undefined),
      ).toEqual([]);
      expect([jobs.length >= 3, candidates.length >= 2]).toEqual([true, true]);
    }
  });

  it("deleteMany without a where leaves the other tenant's rows", async () => {
    await db.outside.candidate.updateMany({ data: { jobId: null } });
    const before = await db.rowsOf(globex);
    await db.context.run(acme, async () => {
      expect(await db.prisma.candidate.deleteMany()).toEqual({ count: 2 });
      expect(await db.prisma.job.deleteMany({})).toEqual({ count: 3 });
      expect(await db.prisma.office.deleteMany({ where: undefined } as object)).toEqual({ count: 1 });
    });
    expect(await db.rowsOf(globex)).toEqual(before);
  });

  it('P23: has a test here for every write', async () => {
    const { operations } = await import('../src/scope/operations.js');
    const all = [...operations].filter(([, { kind }]) => kind !== 'read').map(([name]) => name);
    expect(Object.keys(writes).sort()).toEqual(all.sort());
  });
});

describe('what a write may say about the tenant', () => {
  const conflict = { code: 'tenant_conflict' };

  it('P12: a created row is stamped; naming the current tenant is allowed, naming another is refused', () =>
    interleaved(db.context, async (tenant, other, round) => {
      const { job: jobs } = db.prisma;
      const data = (tenantId: unknown, n: number) => ({
        id: newId(tenant, round, n),
        title: `new ${round} ${n}`,
        tenantId: tenantId as string,
      });
      expect(await jobs.create({ data: data(tenant.id, 1) })).toMatchObject({ tenantId: tenant.id });
      expect(await jobs.create({ data: data(undefined, 2) })).toMatchObject({ tenantId: tenant.id });
      for (const wrong of [other.id, null, '', { set: tenant.id }, [tenant.id], tenant.id.toUpperCase()]) {
        await expect(jobs.create({ data: data(wrong, 3) })).rejects.toMatchObject(conflict);
        await expect(jobs.createMany({ data: [data(tenant.id, 3), data(wrong, 4)] })).rejects.toMatchObject(conflict);
        await expect(jobs.createManyAndReturn({ data: data(wrong, 3) })).rejects.toMatchObject(conflict);
        const upsert = { where: { id: newId(tenant, round, 3) }, create: data(wrong, 3), update: {} };
        await expect(jobs.upsert(upsert)).rejects.toMatchObject(conflict);
      }
      expect(await jobs.count({ where: { id: { startsWith: `${tenant.slug}-new-${round}-` } } })).toBe(2);
    }));

  it('P13: no update moves a row to another tenant', async () => {
    await interleaved(db.context, async (tenant, other) => {
      const { job: jobs } = db.prisma;
      const where = { id: job(tenant, 1) };
      for (const tenantId of [other.id, { set: other.id }, null, { set: null }, [tenant.id]]) {
        const data = { tenantId } as { tenantId: string };
        await expect(jobs.update({ where, data })).rejects.toMatchObject(conflict);
        await expect(jobs.updateMany({ where, data })).rejects.toMatchObject(conflict);
        await expect(jobs.updateManyAndReturn({ where, data })).rejects.toMatchObject(conflict);
        const create = { id: job(tenant, 1), title: 'x' };
        await expect(jobs.upsert({ where, create, update: data })).rejects.toMatchObject(conflict);
      }
      expect(await jobs.update({ where, data: { tenantId: tenant.id, salary: 4 } })).toMatchObject({
        tenantId: tenant.id,
      });
      const updated = await jobs.update({ where, data: { tenantId: undefined, salary: 5 } as { salary: number } });
      expect(updated).toMatchObject({ tenantId: tenant.id, salary: 5 });
      const data = { salary: 6 };
      await jobs.update({ where, data });
      expect([where, data]).toEqual([{ id: job(tenant, 1) }, { salary: 6 }]);
    });
    const jobs = await db.outside.job.findMany({ where: { id: { endsWith: '-job-1' } }, orderBy: { id: 'asc' } });
    expect(jobs.map(({ tenantId }) => tenantId)).toEqual([acme.id, globex.id]);
  });

  it('P15: no foreign key names a row of another tenant, whether it has the tenant or not', () =>
    interleaved(db.context, async (tenant, other, round) => {
      const { job: jobs, candidate } = db.prisma;
      const refusal = { code: 'P2003', name: 'PrismaClientKnownRequestError' };
      const email = `new-${round}@example.com`;
      for (const jobId of [job(other, 1), "nobody's"]) {
        await expect(candidate.create({ data: { email, jobId } })).rejects.toMatchObject(refusal);
        await expect(candidate.createMany({ data: [{ email, jobId }] })).rejects.toMatchObject(refusal);
        await expect(candidate.updateMany({ data: { jobId } })).rejects.toMatchObject(refusal);
        await expect(candidate.updateMany({ data: { jobId: { set: jobId } } })).rejects.toMatchObject(refusal);
      }
      expect(await candidate.create({ data: { email, jobId: null } })).toMatchObject({ jobId: null });
      const jobId = job(tenant, 1);
      expect(await candidate.updateMany({ where: { email }, data: { jobId } })).toEqual({ count: 1 });

      const title = `new ${round}`;
      const own = { id: newId(tenant, round), title, officeId: `${tenant.slug}-office` };
      expect(await jobs.create({ data: own })).toMatchObject(own);
      const foreign = { id: newId(tenant, round, 1), title: `${title}!`, officeId: `${other.slug}-office` };
      await expect(jobs.create({ data: foreign })).rejects.toMatchObject({ code: 'P2003' });
      const stolen = { where: { id: own.id }, data: { officeId: `${other.slug}-office` } };
      await expect(jobs.update(stolen)).rejects.toMatchObject({ code: 'P2003' });
    }));

  it('P18: an upsert on a row of another tenant is a typed error, and leaves the row alone', async () => {
    const before = { acme: (await db.rowsOf(acme)).jobs, globex: (await db.rowsOf(globex)).jobs };
    const unavailable = { code: 'tenant_row_unavailable' };
    await interleaved(db.context, async (tenant, other, round) => {
      const id = job(other, 1);
      const upsert = () =>
        db.prisma.job.upsert({ where: { id }, create: { id, title: `new ${round}` }, update: { title: 'stolen' } });
      await expect(upsert()).rejects.toMatchObject(unavailable);
      await expect(db.prisma.$transaction([upsert()])).rejects.toMatchObject(unavailable);
      await expect(db.prisma.$transaction([db.prisma.job.count(), upsert()])).rejects.toMatchObject(unavailable);
      const city = `${other.slug} city`;
      const office = { id: `${tenant.slug}-${round}`, city, countryCode: 'CH' };
      await expect(
        db.prisma.office.upsert({ where: { city }, create: office, update: { countryCode: 'CH' } }),
      ).rejects.toMatchObject(unavailable);
    });
    expect((await db.rowsOf(acme)).jobs).toEqual(before.acme);
    expect((await db.rowsOf(globex)).jobs).toEqual(before.globex);
  });

  it('shared models cannot be written', () =>
    interleaved(db.context, async () => {
      const { country } = db.prisma;
      const refusal = { code: 'scope_refused', message: expect.stringContaining('shared by all tenants') };
      const data = { code: 'AT', name: 'Austria' };
      const where = { code: 'CH' };
      const attempts = [
        () => country.create({ data }),
        () => country.createMany({ data }),
        () => country.createManyAndReturn({ data }),
        () => country.update({ where, data }),
        () => country.updateMany({ data }),
        () => country.updateManyAndReturn({ data }),
        () => country.upsert({ where, create: data, update: data }),
        () => country.delete({ where }),
        () => country.deleteMany(),
      ];
      for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(refusal);
      expect(await country.count()).toBe(1);
    }));
});
