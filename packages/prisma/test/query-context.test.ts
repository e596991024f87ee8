import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '@tenancy/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { operations } from '../src/scope/operations.js';
import { acme, globex, type HiringDatabase, interleaved, openHiringDatabase } from './database/hiring-database.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

describe('C1: a lazy query belongs to the tenant that created it', () => {
  it('when `run` is what awaits it', async () => {
    const jobs = await db.context.run(acme, () => db.prisma.job.findMany());
    expect(jobs.map(({ tenantId }) => tenantId)).toEqual([acme.id, acme.id, acme.id]);
    const listed = await db.context.run(acme, () => db.prisma.$transaction([db.prisma.job.findFirst()]));
    expect(listed[0]?.tenantId).toBe(acme.id);
  });

  // In a list, so that `run` does not await them.
  const create = ({ slug }: Tenant) =>
    [db.prisma.job.findMany(), db.prisma.job.findUnique({ where: { id: `${slug}-job-1` } })] as const;
  const expectOwn = async (queries: ReturnType<typeof create>, { id, slug }: Tenant) => {
    const [jobs, one] = await Promise.all(queries);
    expect(jobs.map((job) => job.id).sort()).toEqual([1, 2, 3].map((n) => `${slug}-job-${n}`));
    expect(one?.tenantId).toBe(id);
  };

  it('core-4: those that `run` made together stay what they were: `$transaction` takes them', async () => {
    const create = (tenant: Tenant) =>
      db.context.run(tenant, () =>
        [1, 2].map((n) => db.prisma.job.create({ data: { id: `${tenant.slug}-new-${n}`, title: `new ${n}` } })),
      );
    const made = await Promise.all(
      [acme, globex].map((tenant) => {
        const queries = create(tenant);
        return db.context.run(tenant, () => db.prisma.$transaction(queries));
      }),
    );
    expect(made.map((jobs) => jobs.map(({ tenantId }) => tenantId))).toEqual([
      [acme.id, acme.id],
      [globex.id, globex.id],
    ]);
  });

  it('when another tenant awaits it, whose own context stays', async () => {
    const queries = db.context.run(acme, () => create(acme));
    db.pool.sent.length = 0;
    await db.context.run(globex, async () => {
      await expectOwn(queries, acme);
      await queries[0].then(() => expect(db.context.tenantId).toBe(globex.id));
    });
    expect(db.pool.sent.map(({ tenantId }) => tenantId)).toEqual([acme.id, acme.id]);
  });

  it("when tenants await each other's, interleaved, or nobody's context awaits it", async () => {
    const created = { acme: [], globex: [] } as Record<string, ReturnType<typeof create>[]>;
    await interleaved(db.context, async (tenant) => {
      created[tenant.slug]?.push(create(tenant));
    });
    await interleaved(db.context, (_tenant, other, round) =>
      expectOwn(created[other.slug]?.[round] as ReturnType<typeof create>, other),
    );
    const queries = db.context.run(acme, () => create(acme));
    await expectOwn(queries, acme);
  });

  it('created outside every tenant, it never runs', async () => {
    const query = db.prisma.job.findMany();
    await expect(db.context.run(acme, async () => query)).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });

  it('runs once, however often it is awaited, and not before', async () => {
    await db.context.run(acme, async () => {
      const query = db.prisma.candidate.create({ data: { email: 'once@example.com' } });
      await sleep(20);
      expect(await db.prisma.candidate.count()).toBe(2);
      const [first, second] = await Promise.all([query, query.then((row) => row)]);
      expect(second).toBe(first);
      expect(await query.finally(() => {}).catch(() => null)).toBe(first);
      expect(await db.prisma.candidate.count()).toBe(3);
    });
  });
});

describe('C3: findUnique calls of one tick', () => {
  const fifty = Array.from({ length: 50 }, (_, n) => ({ id: `t_${n}`, slug: `t${n}` }));

  beforeEach(async () => {
    await db.outside.job.createMany({
      data: fifty.flatMap(({ id: tenantId, slug }) =>
        [1, 2].map((n) => ({ tenantId, id: `${slug}-${n}`, title: `${n}` })),
      ),
    });
    db.pool.sent.length = 0;
  });

  it("of 50 tenants get the right rows each, from one query per tenant, sent in that tenant's context", async () => {
    const answers = await Promise.all(
      fifty.map((tenant, n) =>
        db.context.run(tenant, () =>
          Promise.all([
            db.prisma.job.findUnique({ where: { id: `${tenant.slug}-1` } }),
            db.prisma.job.findUnique({ where: { id: `${tenant.slug}-2` } }),
            db.prisma.job.findUnique({ where: { id: `t${(n + 1) % 50}-1` } }),
          ]),
        ),
      ),
    );
    for (const [n, rows] of answers.entries()) {
      expect(rows.map((row) => row?.id)).toEqual([`t${n}-1`, `t${n}-2`, undefined]);
    }
    expect(db.pool.sent).toHaveLength(50);
    for (const { tenantId, values } of db.pool.sent) {
      const named = values.filter((value) => fifty.some(({ id }) => id === value));
      expect(new Set(named)).toEqual(new Set([tenantId]));
    }
  });
});

describe('C3: what Prisma gathers in one tick, and sends as whoever came first', () => {
  const calls: Readonly<Record<string, (tenant: Tenant) => PromiseLike<unknown>>> = {
    findUnique: ({ slug }) => db.inside.job.findUnique({ where: { id: `${slug}-job-1` } }),
    findUniqueOrThrow: ({ slug }) => db.inside.job.findUniqueOrThrow({ where: { id: `${slug}-job-1` } }),
    findFirst: ({ slug }) => db.inside.job.findFirst({ where: { id: `${slug}-job-1` } }),
    findFirstOrThrow: ({ slug }) => db.inside.job.findFirstOrThrow({ where: { id: `${slug}-job-1` } }),
    findMany: () => db.inside.job.findMany(),
    count: () => db.inside.job.count(),
    aggregate: () => db.inside.job.aggregate({ _sum: { salary: true } }),
    groupBy: () => db.inside.job.groupBy({ by: ['title'] }),
    create: ({ id: tenantId }) => db.inside.job.create({ data: { tenantId, id: `${tenantId}-new`, title: 'new' } }),
    createMany: ({ id: tenantId }) =>
      db.inside.job.createMany({ data: [{ tenantId, id: `${tenantId}-new`, title: 'new' }] }),
    createManyAndReturn: ({ id: tenantId }) =>
      db.inside.job.createManyAndReturn({ data: [{ tenantId, id: `${tenantId}-new`, title: 'new' }] }),
    update: ({ slug }) => db.inside.job.update({ where: { id: `${slug}-job-1` }, data: { salary: 7 } }),
    updateMany: ({ id: tenantId }) => db.inside.job.updateMany({ where: { tenantId }, data: { salary: 7 } }),
    updateManyAndReturn: ({ id: tenantId }) =>
      db.inside.job.updateManyAndReturn({ where: { tenantId }, data: { salary: 7 } }),
    upsert: ({ id: tenantId }) =>
      db.inside.job.upsert({
        where: { id: `${tenantId}-new` },
        create: { tenantId, id: `${tenantId}-new`, title: 'new' },
        update: { title: 'new' },
      }),
    delete: ({ slug }) => db.inside.job.delete({ where: { id: `${slug}-job-3` } }),
    deleteMany: ({ slug }) => db.inside.job.deleteMany({ where: { id: `${slug}-job-3` } }),
  };

  it('is tried with every operation', () => {
    expect(Object.keys(calls).sort()).toEqual([...operations.keys()].sort());
  });

  it.each([...operations])('%s: only what takes a turn is gathered', async (name, { isGathered = false }) => {
    db.pool.sent.length = 0;
    await Promise.all([acme, globex].map((tenant) => db.context.run(tenant, () => calls[name]?.(tenant))));
    const senders = new Set(db.pool.sent.map(({ tenantId }) => tenantId));
    expect([...senders]).toEqual(isGathered ? [acme.id] : [acme.id, globex.id]);
  });
});

it("C2: an exhausted pool gives every caller its own tenant's rows, and its own context back", async () => {
  const callers = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? acme : globex));
  const wrong = await Promise.all(
    callers.map((tenant) =>
      db.context.run(tenant, async () => {
        const jobs = await db.prisma.job.findMany();
        const one = await db.prisma.job.findUnique({ where: { id: `${tenant.slug}-job-1` } });
        const foreign = [...jobs, one].filter((job) => job?.tenantId !== tenant.id);
        return jobs.length !== 3 || foreign.length > 0 || db.context.tenantId !== tenant.id;
      }),
    ),
  );
  expect(wrong.filter(Boolean)).toEqual([]);
  // More callers than connections, or it would prove nothing.
  expect(db.pool.totalCount).toBeLessThan(callers.length / 4);
});
