import type { TenantContext } from '@tenancy/core';
import { createTenantPool, rowLevelSecurity, type TenantPool } from '@tenancy/postgres';
import type { Databases } from './case.js';
import { poolOptions } from './pool-options.js';

/** The pool of this project, as its README makes it. */
export async function boundPool({ withPolicies }: Databases, context: TenantContext): Promise<TenantPool> {
  const pool = createTenantPool({ ...poolOptions(withPolicies), context, isolation: rowLevelSecurity() });
  await pool.verify();
  return pool;
}
