import { Inject } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import type { TenantContext } from '@tenancy/core';
import type { TenantPool } from '@tenancy/postgres';
import { tenantScoped } from '@tenancy/prisma';
import { PrismaClient } from '../generated/client.js';

export const TENANT_PRISMA = Symbol('TENANT_PRISMA');

/** The client that sees the rows of the current company, and no others. */
export const InjectPrisma = () => Inject(TENANT_PRISMA);

export type TenantPrisma = ReturnType<typeof createTenantPrisma>;

export function createTenantPrisma(pool: TenantPool, context: TenantContext) {
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return tenantScoped(prisma, { context, shared: ['Company'], floor: pool });
}
