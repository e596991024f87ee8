import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool } from 'pg';
import type { FloorCase } from './case.js';
import { PrismaClient } from './generated/client.js';

export function prismaOver(pool: Pool): PrismaClient {
  // A transaction waits as long as a query of the other cases does.
  return new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions: { maxWait: 30_000, timeout: 30_000 } });
}

/** Queries that name no tenant, for a client whose pool knows it. */
export function prismaQueries({ job }: PrismaClient): FloorCase {
  return {
    // C3: not `findUnique`, which Prisma merges with those of other callers into one query of the first one's tenant.
    byKey: (id) => job.findFirst({ where: { id } }),
    hundredRows: () => job.findMany({ orderBy: { id: 'asc' }, take: 100 }),
  };
}
