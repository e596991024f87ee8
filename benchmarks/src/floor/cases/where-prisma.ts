import pg from 'pg';
import type { OpenCase } from '../case.js';
import { poolOptions } from '../pool-options.js';
import { prismaOver } from '../prisma-queries.js';

/** The tenant in every `where`, written by hand and held by nothing. */
export const wherePrisma: OpenCase = async ({ withoutPolicies }, context) => {
  const { job } = prismaOver(new pg.Pool(poolOptions(withoutPolicies)));
  return {
    byKey: (id) => job.findFirst({ where: { id, tenantId: context.tenantId } }),
    hundredRows: () => job.findMany({ where: { tenantId: context.tenantId }, orderBy: { id: 'asc' }, take: 100 }),
  };
};
