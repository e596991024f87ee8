import { Inject } from '@nestjs/common';
import type { TenantContext } from '@tenancy/core';
import { createTenantPool, rowLevelSecurity, type TenantPool } from '@tenancy/postgres';

export const TENANT_POOL = Symbol('TENANT_POOL');

/** The connections that run every query as the current company. */
export const InjectPool = () => Inject(TENANT_POOL);

export function openTenantPool(connectionString: string, context: TenantContext): TenantPool {
  return createTenantPool({ connectionString, context, isolation: rowLevelSecurity() });
}
