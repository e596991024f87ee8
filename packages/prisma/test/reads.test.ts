import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  acme,
  globex,
  type HiringDatabase,
  interleaved,
  openHiringDatabase,
  tenants,
} from './database/hiring-database.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
  await db.seed();
});
afterAll(() => db.stop());

const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort();
const jobsOf = (slug: string) => [1, 2, 3].map((n) => `${slug}-job-${n}`);

describe("every read sees its tenant's rows and no others", () => {
  const total = { acme: 600, globex: 6000 } as Record<string, number>;
  const reads: Record<string, (prisma: HiringDatabase['prisma'], own: string, foreign: string) => Promise<void>> = {
    findMany: async (prisma, own) => expect(ids(await prisma.job.findMany())).toEqual(jobsOf(own)),
    findFirst: async (prisma, own, foreign) => {
      expect((await prisma.job.findFirst({ orderBy: { id: 'desc' } }))?.id).toBe(`${own}-job-3`);
      expect(await prisma.job.findFirst({ where: { id: `${foreign}-job-1` } })).toBeNull();
    },
    findFirstOrThrow: async (prisma, own, foreign) => {
      expect((await prisma.job.findFirstOrThrow({ where: { title: 'job 2' } })).id).toBe(`${own}-job-2`);
      await expect(prisma.job.findFirstOrThrow({ where: { id: `${foreign}-job-1` } })).rejects.toMatchObject({
        code: 'P2025',
      });
    },
    findUnique: async (prisma, own, foreign) => {
      expect((await prisma.job.findUnique({ where: { id: `${own}-job-1` } }))?.title).toBe('job 1');
      expect(await prisma.job.findUnique({ where: { id: `${foreign}-job-1` } })).toBeNull();
    },
    findUniqueOrThrow: async (prisma, own, foreign) => {
      expect((await prisma.job.findUniqueOrThrow({ where: { id: `${own}-job-1` } })).title).toBe('job 1');
      await expect(prisma.job.findUniqueOrThrow({ where: { id: `${foreign}-job-1` } })).rejects.toMatchObject({
        code: 'P2025',
      });
    },
    count: async (prisma, _own, foreign) => {
      expect(await prisma.job.count()).toBe(3);
      expect(await prisma.job.count({ select: { _all: true, officeId: true } })).toEqual({ _all: 3, officeId: 3 });
      expect(await prisma.job.count({ where: { officeId: `${foreign}-office` } })).toBe(0);
    },
    aggregate: async (prisma, own) => {
      const { _sum, _count } = await prisma.job.aggregate({ _sum: { salary: true }, _count: true });
      expect([_sum.salary, _count]).toEqual([total[own], 3]);
    },
    groupBy: async (prisma, own) => {
      const groups = await prisma.job.groupBy({ by: ['officeId'], _count: true, _sum: { salary: true } });
      expect(groups).toEqual([{ officeId: `${own}-office`, _count: 3, _sum: { salary: total[own] } }]);
    },
  };

  it.each(Object.entries(reads))('%s', async (_name, read) => {
    for (const { slug } of tenants) {
      const tenant = slug === 'acme' ? acme : globex;
      await db.context.run(tenant, () => read(db.prisma, slug, slug === 'acme' ? 'globex' : 'acme'));
    }
  });

  it.each(Object.entries(reads))('%s, interleaved', async (_name, read) => {
    await interleaved(db.context, (tenant, other) => read(db.prisma, tenant.slug, other.slug));
  });

  it('P23: has a test here for every read', async () => {
    const { operations } = await import('../src/scope/operations.js');
    const all = [...operations].filter(([, { kind }]) => kind === 'read').map(([name]) => name);
    expect(Object.keys(reads).sort()).toEqual(all.sort());
  });
});

describe("the tenant's condition", () => {
  it('P2: refuses to query without a tenant, and with an empty one', async () => {
    await expect(db.prisma.job.findMany()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    await expect(db.prisma.country.findMany()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    await expect(db.prisma.$transaction([db.prisma.job.count()])).rejects.toMatchObject({
      code: 'tenant_context_missing',
    });
    const { tenantScoped } = await import('../src/index.js');
    for (const tenantId of [undefined, '', null] as unknown as string[]) {
      const careless = { tenantId, bind: <F>(fn: F) => fn };
      const prisma = tenantScoped(db.inside, { context: careless, shared: ['Country'] });
      await expect(prisma.job.findMany()).rejects.toMatchObject({ code: 'scope_misconfigured' });
    }
  });

  it("P3: cannot be overridden by the caller's where", () =>
    interleaved(db.context, async ({ slug }, other) => {
      const foreign = { tenantId: other.id };
      const wheres = [
        foreign,
        { OR: [foreign, {}] },
        { AND: [foreign] },
        { AND: foreign },
        { NOT: { tenantId: { notIn: [other.id] } } },
        { NOT: [], OR: [{ tenantId: { in: [other.id] } }] },
        { tenantId: { not: '' }, OR: [foreign] },
      ];
      for (const where of wheres) {
        const found = ids(await db.prisma.job.findMany({ where }));
        expect(found.filter((id) => !id.startsWith(slug))).toEqual([]);
        expect(await db.prisma.job.count({ where })).toBe(found.length);
      }
      expect(ids(await db.prisma.job.findMany({ where: { OR: [foreign, { salary: { gt: 0 } }] } }))).toEqual(
        jobsOf(slug),
      );
      expect(ids(await db.prisma.job.findMany({ where: { NOT: foreign } }))).toEqual(jobsOf(slug));
    }));

  it('P3: is beside what is inherited, as beside what is not; what changes after the call is not read', () =>
    interleaved(db.context, async ({ id, slug }, other) => {
      const inherited = (tenantId: string) => Object.create({ OR: [{ tenantId }] }) as object;
      expect(await db.prisma.job.findMany({ where: inherited(other.id) })).toEqual([]);
      expect(ids(await db.prisma.job.findMany({ where: inherited(id) }))).toEqual(jobsOf(slug));
      const parsed = JSON.parse(`{ "__proto__": { "tenantId": "${other.id}" } }`) as object;
      await expect(db.prisma.job.findMany({ where: parsed })).rejects.toMatchObject({ code: 'scope_refused' });

      const where = { AND: [{ salary: { gt: 0 } }] as object[] };
      const query = db.prisma.job.findMany({ where });
      where.AND.push({ id: 'none' });
      expect(ids(await query)).toEqual(jobsOf(slug));
    }));

  it('P4: joins unique keys, compound ones included', () =>
    interleaved(db.context, async (tenant, other) => {
      const { job, candidate } = db.prisma;
      const key = (tenantId: string) => ({ tenantId_title: { tenantId, title: 'job 1' } });
      expect((await job.findUnique({ where: key(tenant.id) }))?.id).toBe(`${tenant.slug}-job-1`);
      expect(await job.findUnique({ where: key(other.id) })).toBeNull();
      expect(await job.findUnique({ where: { id: `${tenant.slug}-job-1`, tenantId: other.id } })).toBeNull();
      expect(await job.findUnique({ where: { id: `${other.slug}-job-1`, OR: [{ tenantId: other.id }] } })).toBeNull();
      expect(await job.findUnique({ where: { id: `${other.slug}-job-1`, AND: { tenantId: other.id } } })).toBeNull();
      const mine = { id: `${tenant.slug}-job-1`, tenantId: tenant.id, AND: [{ title: 'job 1' }], NOT: { salary: 1 } };
      expect((await job.findUnique({ where: mine }))?.id).toBe(mine.id);
      for (const never of [{ title: 'none' }, [{ salary: { gt: 0 } }, { title: 'none' }]]) {
        expect(await job.findUnique({ where: { id: mine.id, AND: never } })).toBeNull();
      }
      const email = { email: 'c1@example.com', tenantId: tenant.id };
      expect((await candidate.findUnique({ where: { email_tenantId: email } }))?.tags).toEqual([tenant.slug]);
    }));

  it('P11: joins the cursor, so that a foreign row positions no page', () =>
    interleaved(db.context, async (tenant, other) => {
      const page = { orderBy: { title: 'asc' }, take: 2 } as const;
      const { job } = db.prisma;
      expect(ids(await job.findMany({ ...page, cursor: { id: `${tenant.slug}-job-2` } }))).toEqual([
        `${tenant.slug}-job-2`,
        `${tenant.slug}-job-3`,
      ]);
      expect(await job.findMany({ cursor: { id: `${tenant.slug}-job-3` } })).toHaveLength(1);
      const own = { tenantId_title: { tenantId: tenant.id, title: 'job 2' } };
      expect(ids(await job.findMany({ ...page, cursor: own, skip: 1 }))).toEqual([`${tenant.slug}-job-3`]);

      expect(await job.findMany({ ...page, cursor: { id: `${other.slug}-job-1` } })).toEqual([]);
      expect(await job.findMany({ cursor: { id: `${other.slug}-job-1` } })).toEqual([]);
      expect(await job.findFirst({ ...page, take: 1, cursor: { id: `${other.slug}-job-1` } })).toBeNull();
      expect(await job.count({ orderBy: { id: 'asc' }, cursor: { id: `${other.slug}-job-1` } })).toBe(0);
      const foreign = { tenantId_title: { tenantId: other.id, title: 'job 1' } };
      expect(await job.findMany({ ...page, cursor: foreign })).toEqual([]);
      await expect(job.findMany({ cursor: { id: `${tenant.slug}-job-1`, tenantId: other.id } })).rejects.toMatchObject({
        code: 'tenant_conflict',
      });
      await expect(job.findMany({ cursor: { id: 'x', AND: [] } })).rejects.toMatchObject({ code: 'scope_refused' });
    }));

  it('P21: holds whatever the caller selects or omits', () =>
    interleaved(db.context, async ({ slug }) => {
      const { job } = db.prisma;
      expect(await job.findMany({ select: { id: true }, orderBy: { id: 'asc' } })).toEqual(
        jobsOf(slug).map((id) => ({ id })),
      );
      const omitted = await job.findMany({ omit: { tenantId: true, salary: true, title: true, officeId: true } });
      expect(omitted.map((row) => Object.keys(row))).toEqual([['id'], ['id'], ['id']]);
      expect(ids(omitted)).toEqual(jobsOf(slug));
    }));

  it('P24: bounds distinct, having, and groups ordered by aggregates', () =>
    interleaved(db.context, async ({ slug }, other) => {
      const { job } = db.prisma;
      const top = slug === 'acme' ? 300 : 3000;
      const groups = await job.groupBy({
        by: ['title'],
        having: { OR: [{ salary: { _max: { gt: 0 } } }, { title: 'none' }] },
        orderBy: { _max: { salary: 'desc' } },
        _max: { salary: true },
        take: 1,
      });
      expect(groups).toEqual([{ title: 'job 3', _max: { salary: top } }]);
      expect(await job.groupBy({ by: 'tenantId', having: { tenantId: other.id } })).toEqual([]);
      expect(ids(await job.findMany({ distinct: ['title'], orderBy: { salary: 'desc' } }))).toEqual(jobsOf(slug));
      expect(await job.findMany({ where: { title: { equals: job.fields.id } } })).toEqual([]);
    }));
});

it('shared models are read by every tenant', () =>
  interleaved(db.context, async () => {
    expect(await db.prisma.country.findMany()).toEqual([{ code: 'CH', name: 'Switzerland' }]);
    expect(await db.prisma.country.findUnique({ where: { code: 'CH' } })).toEqual({ code: 'CH', name: 'Switzerland' });
  }));
