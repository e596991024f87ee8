import { boundPool } from '../bound-pool.js';
import type { OpenCase } from '../case.js';
import { prismaOver, prismaQueries } from '../prisma-queries.js';

export const boundPrisma: OpenCase = async (databases, context) =>
  prismaQueries(prismaOver(await boundPool(databases, context)));
