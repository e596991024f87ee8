import type { OpenCase } from '../case.js';
import { poolOptions } from '../pool-options.js';
import { prismaOver, prismaQueries } from '../prisma-queries.js';
import { SessionPool } from '../session-pool.js';

export const sessionPrisma: OpenCase = async ({ withPolicies }, context) =>
  prismaQueries(prismaOver(new SessionPool(poolOptions(withPolicies), context)));
