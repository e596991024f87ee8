import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, expect, expectTypeOf, it } from 'vitest';
import { type TenantScopedClient, type TenantScopedTransaction, tenantScoped } from '../src/index.js';
import { type HiringDatabase, interleaved, openHiringDatabase } from './database/hiring-database.js';
import { type Candidate, type Prisma, PrismaClient } from './generated/js/index.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
  await db.seed();
});
afterAll(() => db.stop());

it('prisma-21: the client of prisma-client-js is scoped as well, and accepted as what it was', async () => {
  const client = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const prisma = tenantScoped(client, { context: db.context, shared: ['Country'] });
  const count = (tx: Prisma.TransactionClient) => tx.job.count();
  class Repository {
    constructor(readonly client: PrismaClient) {}
  }
  await interleaved(db.context, async ({ id }, other) => {
    const { client: accepted } = new Repository(prisma);
    const jobs = await accepted.job.findMany({ include: { candidates: true } });
    expect(jobs.map(({ tenantId }) => tenantId)).toEqual([id, id, id]);
    expect(await prisma.$transaction((tx) => count(tx))).toBe(3);
    const candidate = await prisma.candidate.findUnique({ where: { email: 'c1@example.com' } });
    expect(candidate).toMatchObject({ tenantId: id });
    expectTypeOf(candidate).toEqualTypeOf<Candidate | null>();
    expect(await prisma.job.findUnique({ where: { id: `${other.slug}-job-1` } })).toBeNull();
  });
  await client.$disconnect();
});

/** Compiled, and never called. */
export async function types(
  prisma: TenantScopedClient<PrismaClient>,
  tx: TenantScopedTransaction<PrismaClient>,
  take: (client: PrismaClient, transaction: Prisma.TransactionClient) => void,
) {
  take(prisma, tx);
  // @ts-expect-error: raw SQL needs a floor
  await prisma.$queryRaw`select 1`;
  const extended = prisma.$extends({ model: { job: { newest: (of: string) => of.length } } });
  expectTypeOf(extended.job.newest('x')).toEqualTypeOf<number>();
}
