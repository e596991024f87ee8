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

  it('the id of another tenant’s transaction cannot be named in the options', async () => {
    await db.context.run(acme, async () => {
      const options = { timeout: 5000, newTxId: 'theirs' };
      await db.prisma.$transaction((tx) => tx.job.count(), options);
      expect(options).toEqual({ timeout: 5000, newTxId: 'theirs' });
    });
  });
});
