import type { TenantPool } from '@tenancy/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { crowd, type FloorDatabase, interleaved, openFloorDatabase, Tally } from './database/floor-database.js';
import { acme, globex } from './database/hiring-database.js';
import { longTransactions } from './database/long-transactions.js';

let db: FloorDatabase;
let pool: TenantPool;
let prisma: ReturnType<FloorDatabase['scoped']>;
beforeAll(async () => {
  db = await openFloorDatabase();
  pool = db.pool(5);
  prisma = db.scoped(pool);
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

const ownIds = (slug: string) => [1, 2, 3].map((n) => `${slug}-job-${n}`);

describe('a scoped client on a tenant pool', () => {
  it('reads, creates, changes and deletes its own rows, and leaves the others as they are', async () => {
    const others = await db.rowsOf(globex);
    await db.context.run(acme, async () => {
      const { job } = prisma;
      expect((await job.findMany({ orderBy: { id: 'asc' } })).map(({ id }) => id)).toEqual(ownIds('acme'));
      expect(await job.create({ data: { id: 'new', title: 'new' } })).toMatchObject({ tenantId: acme.id });
      expect(await job.update({ where: { id: 'new' }, data: { salary: 7 } })).toMatchObject({ salary: 7 });
      expect(await job.findUnique({ where: { id: 'new' } })).toMatchObject({ salary: 7 });
      expect(await job.delete({ where: { id: 'new' } })).toMatchObject({ id: 'new' });
      expect(await job.findUnique({ where: { id: 'globex-job-1' } })).toBeNull();
      expect(await job.updateMany({ data: { salary: 1 } })).toEqual({ count: 3 });
      expect(await job.upsert({ where: { id: 'up' }, create: { id: 'up', title: 'up' }, update: {} })).toMatchObject({
        tenantId: acme.id,
      });
    });
    expect(await db.rowsOf(globex)).toEqual(others);
  });

  it('runs both forms of a transaction at every isolation level, and rolls back as one', async () => {
    await db.context.run(acme, async () => {
      for (const isolationLevel of ['ReadCommitted', 'RepeatableRead', 'Serializable'] as const) {
        const level = () =>
          prisma.$queryRaw<{ level: string }[]>`SELECT current_setting('transaction_isolation') AS level`;
        const words = isolationLevel.replace(/(?<=.)[A-Z]/, ' $&').toLowerCase();
        const [[first], count] = await prisma.$transaction([level(), prisma.job.count()], { isolationLevel });
        expect([first?.level, count]).toEqual([words, 3]);
        const work = prisma.$transaction(
          async (tx) => {
            expect(await tx.$queryRaw`SELECT current_setting('transaction_isolation') AS level`).toEqual([
              { level: words },
            ]);
            await tx.job.create({ data: { id: 'undone', title: 'undone' } });
            expect(await tx.job.count()).toBe(4);
            throw new Error('changed my mind');
          },
          { ...longTransactions, isolationLevel },
        );
        await expect(work).rejects.toThrow('changed my mind');
      }
      const failing = [
        prisma.job.create({ data: { id: 'undone', title: 'undone' } }),
        prisma.job.create({ data: { id: 'acme-job-1', title: 'taken' } }),
      ];
      await expect(prisma.$transaction(failing)).rejects.toMatchObject({ code: 'P2002' });
      await prisma.$transaction((tx) => tx.job.create({ data: { id: 'kept', title: 'kept' } }), longTransactions);
    });
    const jobs = await db.outside.job.findMany({ where: { tenantId: acme.id }, orderBy: { id: 'asc' } });
    expect(jobs.map(({ id }) => id)).toEqual([...ownIds('acme'), 'kept']);
  });

  it('C2: 45 callers of three tenants on 5 connections: 0 of 10,080 queries wrong', async () => {
    const tally = new Tally();
    let queries = 0;
    const check = (ids: readonly string[], due: readonly string[]) => {
      queries += 1;
      if (ids.length !== due.length || ids.some((id) => !due.includes(id))) tally.add(`${ids} instead of ${due}`);
    };
    await interleaved(db.context, { callers: 45, rounds: 56 }, async ({ slug }, _caller, round) => {
      const due = ownIds(slug);
      check(
        (await prisma.job.findMany()).map(({ id }) => id),
        due,
      );
      const one = await prisma.job.findUnique({ where: { id: `${slug}-job-${1 + (round % 3)}` } });
      check(one ? [one.id] : [], [`${slug}-job-${1 + (round % 3)}`]);
      const [list, count] = await prisma.$transaction([prisma.job.findMany(), prisma.job.count()]);
      check(
        list.map(({ id }) => id),
        due,
      );
      check(ownIds(slug).slice(0, count), due);
    });
    expect(tally.counts).toEqual({});
    expect(queries).toBe(10_080);
    expect(pool.totalCount).toBeLessThanOrEqual(5);
  });
});

it('C3: findUnique of 3 tenants, 40 at once each in one tick: everybody gets their own row', async () => {
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, caller) => {
        const tenant = crowd[caller % crowd.length] ?? acme;
        return db.context.run(tenant, async () => {
          const foreign = `${(crowd[(caller + 1) % crowd.length] ?? acme).slug}-job-1`;
          const [own, none] = await Promise.all([
            prisma.job.findUnique({ where: { id: `${tenant.slug}-job-1` } }),
            prisma.job.findUnique({ where: { id: foreign } }),
          ]);
          return own?.tenantId === tenant.id && none === null;
        });
      }),
    );
    expect(answers.filter((right) => !right)).toEqual([]);
  }
});
