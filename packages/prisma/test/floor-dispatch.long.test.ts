import type { Tenant } from '@tenancy/core';
import type { TenantPool } from '@tenancy/postgres';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  crowd,
  type FloorDatabase,
  interleaved,
  meetingOf,
  openFloorDatabase,
  Tally,
} from './database/floor-database.js';
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

type Outcome = readonly { readonly tenantId: string }[];

/** Without a WHERE for the tenant. */
const ownSql = (client: Pick<typeof prisma, '$queryRaw'>) =>
  client.$queryRaw<{ tenantId: string }[]>`SELECT "tenantId" FROM "Job" WHERE "title" LIKE 'job%'`;

/** Each operation answers with rows, all of which must be the tenant's own, and how many there must be. */
const operations: Readonly<Record<string, (tenant: Tenant, unique: string) => Promise<[rows: Outcome, due: number]>>> =
  {
    findUnique: async ({ slug }) => [[await prisma.job.findUniqueOrThrow({ where: { id: `${slug}-job-1` } })], 1],
    'two findUnique': async ({ slug }) => [
      await Promise.all([1, 2].map((n) => prisma.job.findUniqueOrThrow({ where: { id: `${slug}-job-${n}` } }))),
      2,
    ],
    findMany: async () => [await prisma.job.findMany({ where: { title: { startsWith: 'job' } } }), 3],
    'create and delete': async (_tenant, id) => {
      await prisma.job.create({ data: { id, title: id } });
      return [[await prisma.job.delete({ where: { id } })], 1];
    },
    update: async ({ slug }) => [[await prisma.job.update({ where: { id: `${slug}-job-2` }, data: { salary: 0 } })], 1],
    'a list': async ({ slug }) => {
      const [jobs, job] = await prisma.$transaction([
        prisma.job.findMany({ where: { title: { startsWith: 'job' } } }),
        prisma.job.findUniqueOrThrow({ where: { id: `${slug}-job-3` } }),
      ]);
      return [[...jobs, job], 4];
    },
    'a list of findUnique': async ({ slug }) => [
      await prisma.$transaction(
        [1, 2].map((n) => prisma.job.findUniqueOrThrow({ where: { id: `${slug}-job-${n}` } })),
        { isolationLevel: 'RepeatableRead' },
      ),
      2,
    ],
    'SQL of its own': async () => [await ownSql(prisma), 3],
    'a list of SQL': async () => [(await prisma.$transaction([ownSql(prisma), ownSql(prisma)])).flat(), 6],
    'a callback': ({ slug }) =>
      prisma.$transaction(async (tx): Promise<[Outcome, number]> => {
        const jobs = await tx.job.findMany({ where: { title: { startsWith: 'job' } } });
        const [one, two] = await Promise.all(
          [1, 2].map((n) => tx.job.findUniqueOrThrow({ where: { id: `${slug}-job-${n}` } })),
        );
        return [[...jobs, one, two, ...(await ownSql(tx))] as Outcome, 8];
      }, longTransactions),
  };

const attempt = async (tally: Tally, name: string, tenant: Tenant, unique: string) => {
  try {
    const [rows, due] = (await operations[name]?.(tenant, unique)) ?? [[], -1];
    if (rows.length !== due) tally.add(`${name}: ${rows.length} rows instead of ${due}`);
    if (rows.some(({ tenantId }) => tenantId !== tenant.id)) tally.add(`${name}: another tenant's row`);
  } catch (error) {
    tally.failure(name, error);
  }
};

const names = Object.keys(operations);

it.each(names)('C3: %s shares a tick with every other operation of another tenant, and stays its own', async (name) => {
  const tally = new Tally();
  for (const [index, other] of names.entries()) {
    for (let round = 0; round < 6; round += 1) {
      // In one tick, and either first.
      const calls = [
        () => attempt(tally, name, crowd[0], `a${index}-${round}`),
        () => attempt(tally, other, crowd[1], `b${index}-${round}`),
        () => attempt(tally, name, crowd[2], `c${index}-${round}`),
      ].map((call, caller) => () => db.context.run(crowd[caller] as Tenant, call));
      if (round % 2) calls.reverse();
      await Promise.all(calls.map((call) => call()));
    }
  }
  expect(tally.counts).toEqual({});
});

it("C3: the next queries of three tenants' open transactions share a tick, and none is sent as another tenant", async () => {
  const tally = new Tally();
  for (let round = 0; round < 10; round += 1) {
    const barrier = meetingOf(crowd.length);
    await Promise.all(
      crowd.map((tenant) =>
        db.context.run(tenant, () =>
          prisma
            .$transaction(async (tx) => {
              await tx.job.count();
              await barrier();
              // From here on nobody waits for anything: the first queries share a tick.
              const id = `${tenant.slug}-${round}`;
              const [raw, ...jobs] = await Promise.all([
                ownSql(tx),
                tx.job.findUniqueOrThrow({ where: { id: `${tenant.slug}-job-1` } }),
                tx.job.create({ data: { id, title: id } }),
              ]);
              if ([...raw, ...jobs].some(({ tenantId }) => tenantId !== tenant.id)) tally.add("another tenant's row");
            }, longTransactions)
            .catch((error: unknown) => tally.failure('a callback', error)),
        ),
      ),
    );
  }
  expect(tally.counts).toEqual({});
  expect(await db.outside.job.count()).toBe(9 + 30);
});

it("C2, C3: thousands of mixed operations of three tenants on 5 connections, and none in another's context", async () => {
  const tally = new Tally();
  await interleaved(db.context, { callers: 45, rounds: 40 }, (tenant, caller, round) =>
    attempt(tally, names[(caller + round) % names.length] as string, tenant, `${caller}-${round}`),
  );
  expect(tally.counts).toEqual({});
  expect(pool.totalCount).toBeLessThanOrEqual(5);
});
