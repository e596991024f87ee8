import pg from 'pg';
import type { OpenCase } from '../case.js';
import { Prisma } from '../generated/client.js';
import { poolOptions } from '../pool-options.js';
import { prismaOver } from '../prisma-queries.js';

/**
 * Prisma's own example of row-level security.
 *
 * Source: https://github.com/prisma/prisma-client-extensions/tree/main/row-level-security
 */
const forTenant = (tenantId: string) =>
  Prisma.defineExtension((prisma) =>
    prisma.$extends({
      query: {
        $allModels: {
          async $allOperations({ args, query }) {
            const [, result] = await prisma.$transaction([
              prisma.$executeRaw`SELECT set_config('app.tenant_id', ${tenantId}, TRUE)`,
              query(args),
            ]);
            return result;
          },
        },
      },
    }),
  );

/** A client for every request, as the example has it. Here a request is one query. */
export const extensionPrisma: OpenCase = async ({ withPolicies }, context) => {
  const prisma = prismaOver(new pg.Pool(poolOptions(withPolicies)));
  const ofRequest = () => prisma.$extends(forTenant(context.tenantId));
  return {
    byKey: (id) => ofRequest().job.findFirst({ where: { id } }),
    hundredRows: () => ofRequest().job.findMany({ orderBy: { id: 'asc' }, take: 100 }),
  };
};
