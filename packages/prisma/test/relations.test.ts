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
  'P23: arguments and keys that are not known': [
    (p) => p.job.findMany({ near: 'join' } as object),
    (p) => p.job.findMany({ include: { unknown: true } } as object),
    (p) => p.job.findMany({ omit: { unknown: true } } as object),
    (p) => p.job.findMany({ include: { candidates: { unknown: true } } } as object),
    (p) => p.job.findMany({ include: { _count: { unknown: true } } } as object),
    (p) => p.job.findMany({ where: { candidates: { most: {} } } } as object),
    (p) => p.candidate.findMany({ where: { job: { is: {}, was: {} } } } as object),
    (p) => p.job.update({ where: { id: 'acme-job-1' }, data: { candidates: { reparent: {} } } } as never),
    (p) => p.job.create({ data: { id: 'x', title: 'x', candidates: { reparent: {} } } } as never),
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

describe('what cannot be kept within the tenant is refused before it runs', () => {
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

  it('and a relation that is not asked for is none of that', () =>
    interleaved(db.context, async () => {
      const { job } = db.prisma;
      expect(await job.findMany({ include: { candidates: false } })).toHaveLength(3);
      expect(await job.findMany({ select: { id: true, candidates: false } })).toHaveLength(3);
      expect(await job.findMany({ include: null, select: null, omit: null } as object)).toHaveLength(3);
    }));
});

describe('P10: no row of another tenant shows in an order', () => {
  type Of = (work: (prisma: Prisma) => unknown) => () => Promise<unknown>;
  const [acme, globex] = tenants.map(
    (tenant): Of =>
      (work) =>
      () =>
        db.context.run(tenant, async () => work(db.prisma)),
  ) as [Of, Of];
  const astray = {
    'of the row it refers to': acme((p) => p.candidate.findMany({ orderBy: { job: { title: 'asc' } } })),
    'of the rows that refer to it, counted': globex((p) =>
      p.job.findMany({ orderBy: [{ id: 'asc' }, { candidates: { _count: 'desc' } }] }),
    ),
    'of shared rows': acme((p) => p.country.findMany({ orderBy: { offices: { _count: 'asc' } } })),
    'of what is included': globex((p) =>
      p.office.findMany({ include: { jobs: { orderBy: { candidates: { _count: 'asc' } } } } }),
    ),
    'of what is included deeper': globex((p) =>
      p.country.findMany({
        include: { offices: { include: { jobs: { orderBy: { candidates: { _count: 'asc' } } } } } },
      }),
    ),
    'of a new row': globex((p) =>
      p.office.create({
        data: { id: 'globex-office-new', city: 'Oslo', country: { connect: { code: 'NO' } } },
        include: { jobs: { orderBy: { candidates: { _count: 'asc' } } } },
      }),
    ),
    'of a row that is changed': globex((p) =>
      p.job.update({
        where: { id: 'globex-job-3' },
        data: { title: 'astray' },
        include: { office: { include: { jobs: { orderBy: { candidates: { _count: 'asc' } } } } } },
      }),
    ),
  };
  it.each(Object.entries(astray))('%s', async (_name, attempt) => {
    await expect(attempt()).rejects.toMatchObject(refusal);
  });

  it('and where there is none, the order is as asked, also with both tenants at once', () =>
    interleaved(db.context, async () => {
      const { job, office } = db.prisma;
      const jobs = await job.findMany({ orderBy: { office: { city: 'desc' } }, include: { office: true } });
      expect(jobs).toHaveLength(3);
      const cities = jobs.flatMap((each) => each.office?.city ?? []);
      expect(cities).toEqual(cities.toSorted().reverse());
      const some = { where: { id: { endsWith: '-1' } }, orderBy: { candidates: { _count: 'asc' } } } as const;
      expect(await job.findMany(some)).toHaveLength(1);
      expect(await office.findMany({ orderBy: { jobs: { _count: 'asc' } } })).not.toEqual([]);
    }));
});
