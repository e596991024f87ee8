import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HiringDatabase, interleaved, openHiringDatabase, tenants } from './database/hiring-database.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
  await db.seed();
  // Rows that reference another tenant's, as a database without composite keys allows: what a leak would show.
  await db.pool.query(`UPDATE "Candidate" SET "jobId" = 'globex-job-3' WHERE "tenantId" = 't_acme'`);
});
afterAll(() => db.stop());

const refusal = { code: 'scope_refused' };
type Prisma = HiringDatabase['prisma'];

const attempts: Record<string, ((prisma: Prisma) => unknown)[]> = {
  'P5, P6: include and select of a relation': [
    (p) => p.job.findMany({ include: { candidates: true } }),
    (p) => p.candidate.findMany({ include: { job: { include: { office: true } } } }),
    (p) => p.candidate.findMany({ select: { job: { select: { title: true } } } }),
    (p) => p.candidate.findUnique({ where: { id: 1 }, include: { job: true } }),
    (p) => p.candidate.update({ where: { id: 1 }, data: {}, include: { job: true } }),
    (p) => p.candidate.updateManyAndReturn({ data: {}, include: { job: true } }),
    (p) => p.candidate.delete({ where: { id: 1 }, select: { job: true } }),
    (p) => p.country.findMany({ include: { offices: true } }),
    (p) => p.country.findFirst({ select: { offices: { where: { id: 'x' } } } }),
  ],
  'P7: _count of a relation': [
    (p) => p.job.findMany({ include: { _count: true } }),
    (p) => p.job.findMany({ select: { _count: { select: { candidates: true } } } }),
    (p) => p.country.findMany({ include: { _count: { select: { offices: true } } } }),
  ],
  'P8, P9: filters through a relation, at any depth': [
    (p) => p.job.findMany({ where: { candidates: { some: {} } } }),
    (p) => p.job.findMany({ where: { candidates: { every: { email: 'x' } } } }),
    (p) => p.job.findMany({ where: { candidates: { none: {} } } }),
    (p) => p.candidate.findMany({ where: { job: { is: { title: 'x' } } } }),
    (p) => p.candidate.findMany({ where: { job: null } }),
    (p) => p.candidate.findMany({ where: { AND: { OR: [{ NOT: [{ job: { title: 'x' } }] }] } } }),
    (p) => p.candidate.findUnique({ where: { id: 1, job: { title: 'x' } } }),
    (p) => p.candidate.findUnique({ where: { id: 1, AND: [{ job: { isNot: null } }] } }),
    (p) => p.candidate.count({ where: { OR: [{ job: { title: 'x' } }] } }),
    (p) => p.candidate.groupBy({ by: ['stage'], where: { job: { title: 'x' } } }),
    (p) => p.candidate.updateMany({ where: { job: { title: 'x' } }, data: {} }),
    (p) => p.candidate.deleteMany({ where: { NOT: { job: { title: 'x' } } } }),
    (p) => p.country.findMany({ where: { offices: { some: { city: 'x' } } } }),
  ],
  'P10: order through a relation or its _count': [
    (p) => p.candidate.findMany({ orderBy: { job: { title: 'asc' } } }),
    (p) => p.job.findMany({ orderBy: [{ id: 'asc' }, { candidates: { _count: 'desc' } }] }),
    (p) => p.country.findMany({ orderBy: { offices: { _count: 'asc' } } }),
  ],
  'P12, P14, P16, P17, P19: nested writes and connections': [
    (p) => p.job.create({ data: { id: 'x', title: 'x', candidates: { create: { email: 'x' } } } }),
    (p) => p.job.create({ data: { id: 'x', title: 'x', candidates: { connect: { id: 1 } } } }),
    (p) => p.candidate.create({ data: { email: 'x', job: { connect: { id: 'globex-job-1' } } } }),
    (p) =>
      p.candidate.create({
        data: { email: 'x', job: { connectOrCreate: { where: { id: 'x' }, create: { id: 'x', title: 'x' } } } },
      }),
    (p) => p.candidate.update({ where: { id: 1 }, data: { job: { update: { title: 'stolen' } } } }),
    (p) => p.candidate.update({ where: { id: 1 }, data: { job: { delete: true } } }),
    (p) => p.candidate.update({ where: { id: 1 }, data: { job: { disconnect: true } } }),
    (p) => p.job.update({ where: { id: 'x' }, data: { candidates: { set: [] } } }),
    (p) => p.job.update({ where: { id: 'x' }, data: { candidates: { updateMany: { where: {}, data: {} } } } }),
    (p) => p.job.update({ where: { id: 'x' }, data: { candidates: { deleteMany: {} } } }),
    (p) =>
      p.job.upsert({
        where: { id: 'x' },
        create: { id: 'x', title: 'x', candidates: { createMany: { data: [] } } },
        update: {},
      }),
    (p) =>
      p.job.upsert({ where: { id: 'x' }, create: { id: 'x', title: 'x' }, update: { candidates: { deleteMany: {} } } }),
  ],
  'P23: arguments and keys that are not known': [
    (p) => p.job.findMany({ relationLoadStrategy: 'join' } as object),
    (p) => p.job.findMany({ include: { unknown: true } } as object),
    (p) => p.job.findMany({ where: { unknown: 1 } } as object),
    (p) => p.job.findMany({ where: 'tenantId' } as object),
    (p) => p.job.findMany({ where: null } as object),
    (p) => p.job.findMany({ orderBy: { unknown: 'asc' } } as object),
    (p) => p.job.findMany({ distinct: ['unknown'] } as object),
    (p) => p.job.aggregate({ _sum: { unknown: true } } as object),
    (p) => p.job.create({ data: { id: 'x', title: 'x', unknown: 1 } } as never),
    (p) => p.job.findUnique({ where: { unknown: { key: 1 } } } as never),
    (p) => p.job.findMany([] as object),
  ],
};

describe('everything that reaches through a relation is refused before it runs', () => {
  it.each(Object.entries(attempts))('%s', async (_name, all) => {
    await interleaved(
      db.context,
      async () => {
        for (const attempt of all) await expect(attempt(db.prisma)).rejects.toMatchObject(refusal);
      },
      2,
    );
    for (const tenant of tenants) expect((await db.rowsOf(tenant)).candidates).toHaveLength(2);
  });

  it('P25: the fluent API', () =>
    interleaved(db.context, async () => {
      const fluent = [
        () => db.prisma.candidate.findUnique({ where: { id: 1 } }).job(),
        () => db.prisma.candidate.findFirstOrThrow().job(),
        () => db.prisma.job.findUniqueOrThrow({ where: { id: 'acme-job-1' } }).candidates(),
        () => db.prisma.country.findUnique({ where: { code: 'CH' } }).offices(),
      ];
      for (const call of fluent) expect(call).toThrow(expect.objectContaining(refusal));
    }));

  it('and a relation that is not asked for is none of that', () =>
    interleaved(db.context, async () => {
      const { job } = db.prisma;
      expect(await job.findMany({ include: { candidates: false } })).toHaveLength(3);
      expect(await job.findMany({ select: { id: true, candidates: false } })).toHaveLength(3);
      expect(await job.findMany({ include: null, select: null, omit: null } as object)).toHaveLength(3);
    }));
});
