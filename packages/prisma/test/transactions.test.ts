import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, globex, type HiringDatabase, interleaved, openHiringDatabase } from './database/hiring-database.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

describe('P25: transactions', () => {
  it('a list of queries stays within the tenant, and is atomic', async () => {
    await interleaved(db.context, async ({ id, slug }, other, round) => {
      const { job } = db.prisma;
      const data = { id: `${slug}-new-${round}`, title: `new ${round}` };
      const [created, foreign, count] = await db.prisma.$transaction([
        job.create({ data }),
        job.findMany({ where: { tenantId: other.id } }),
        job.count({ where: { title: { startsWith: 'job' } } }),
      ]);
      expect([created.tenantId, foreign, count]).toEqual([id, [], 3]);
      const failing = [job.update({ where: { id: data.id }, data: { salary: 9 } }), job.create({ data })] as const;
      await expect(db.prisma.$transaction(failing)).rejects.toMatchObject({ code: 'P2002' });
      expect(await job.findUnique({ where: { id: data.id } })).toMatchObject({ salary: 0 });
      await expect(
        db.prisma.$transaction([
          job.create({ data: { id: 'x', title: 'x' } }),
          job.create({ data: { ...data, tenantId: other.id } }),
        ]),
      ).rejects.toMatchObject({ code: 'tenant_conflict' });
      expect(await job.findUnique({ where: { id: 'x' } })).toBeNull();
    });
  });

  it('a list takes only queries of the same client, created by the same tenant', async () => {
    const foreign = db.context.run(globex, () => ({ query: db.prisma.job.deleteMany() })).query;
    await db.context.run(acme, async () => {
      await expect(db.prisma.$transaction([foreign])).rejects.toMatchObject({ code: 'transaction_tenant_changed' });
      for (const smuggled of [db.inside.job.deleteMany(), Promise.resolve(1), undefined]) {
        await expect(db.prisma.$transaction([smuggled as PromiseLike<unknown>])).rejects.toMatchObject({
          code: 'scope_refused',
        });
      }
      const scoped = db.prisma.job.deleteMany() as never;
      expect(() => db.inside.$transaction([scoped])).toThrow(expect.objectContaining({ code: 'scope_refused' }));
    });
    expect(await db.outside.job.count()).toBe(6);
  });

  it('a callback stays within the tenant, and is rolled back when it throws', () =>
    interleaved(db.context, async ({ id, slug }, other, round) => {
      const data = { id: `${slug}-new-${round}`, title: `new ${round}` };
      const work = db.prisma.$transaction(
        async (tx) => {
          expect(await tx.job.create({ data })).toMatchObject({ tenantId: id });
          expect(await tx.job.findMany({ where: { tenantId: other.id } })).toEqual([]);
          expect(await tx.job.findUnique({ where: { id: `${other.slug}-job-1` } })).toBeNull();
          expect(db.context.tenantId).toBe(id);
          throw new Error('changed my mind');
        },
        { maxWait: 50_000, timeout: 50_000 },
      );
      await expect(work).rejects.toThrow('changed my mind');
      expect(await db.prisma.job.findUnique({ where: { id: data.id } })).toBeNull();
    }));

  it('a transaction that one tenant began refuses another', async () => {
    let leaked: Pick<HiringDatabase['prisma'], 'job'> | undefined;
    let end: (() => void) | undefined;
    const began = db.context.run(acme, () =>
      db.prisma.$transaction((tx) => {
        leaked = tx;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      }),
    );
    while (!leaked) await sleep(1);
    const { job } = leaked;
    await expect(db.context.run(globex, () => job.findMany())).rejects.toMatchObject({
      code: 'transaction_tenant_changed',
    });
    await expect(job.findMany()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    expect(await db.context.run(acme, () => job.count())).toBe(3);
    end?.();
    await began;
  });

  it("the id of another tenant's transaction cannot be named in the options", async () => {
    await db.context.run(acme, async () => {
      const options = { timeout: 5000, newTxId: 'theirs' };
      await db.prisma.$transaction((tx) => tx.job.count(), options);
      expect(options).toEqual({ timeout: 5000, newTxId: 'theirs' });
    });
  });
});

describe('prisma-19: a transaction inside of one', () => {
  const failing = async (
    prisma: Pick<HiringDatabase['prisma'], '$transaction' | 'job'>,
    slug: string,
    round: number,
  ) => {
    const data = (n: number) => ({ id: `${slug}-${round}-${n}`, title: `new ${round} ${n}` });
    await prisma.$transaction(async (tx) => {
      await tx.job.create({ data: data(1) });
      await expect(
        tx.$transaction(async (nested) => {
          await nested.job.create({ data: data(2) });
          throw new Error('only this');
        }),
      ).rejects.toThrow('only this');
      await tx.$transaction(async (nested) => {
        await nested.$transaction((innermost) => innermost.job.create({ data: data(3) }));
        const foreign = await nested.job.findMany({ where: { id: { not: { startsWith: slug } } } });
        expect(foreign).toEqual([]);
      });
      const taken = tx.$transaction([tx.job.create({ data: data(4) }), tx.job.create({ data: data(1) })]);
      await expect(taken).rejects.toMatchObject({ code: 'P2002' });
      const [created] = await tx.$transaction([tx.job.create({ data: data(5) }), tx.job.count()]);
      expect(created.id).toBe(data(5).id);
    });
    const where = { id: { startsWith: `${slug}-${round}-` } };
    const rows = await prisma.job.findMany({ where, orderBy: { id: 'asc' } });
    expect(rows.map(({ id }) => id.slice(-1))).toEqual(['1', '3', '5']);
  };

  it('is undone by itself, and belongs to the tenant', () =>
    interleaved(db.context, (tenant, _other, round) => failing(db.prisma, tenant.slug, round), 4));

  it('takes no queries of another client or transaction', async () => {
    await db.context.run(acme, () =>
      db.prisma.$transaction(async (tx) => {
        for (const query of [db.prisma.job.count(), db.inside.job.count()]) {
          await expect(tx.$transaction([query])).rejects.toMatchObject({ code: 'scope_refused' });
        }
      }),
    );
  });
});
