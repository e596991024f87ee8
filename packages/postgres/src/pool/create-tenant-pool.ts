import { TenantPool } from './tenant-pool.js';
import type { TenantPoolOptions } from './tenant-pool-options.js';

/**
 * A drop-in `pg.Pool` that carries the tenant: whoever asks for a connection inside a tenant's context gets one whose every
 * query runs as that tenant, in the same round trip, with nothing left behind on the connection.
 *
 * Without a tenant a query is refused before it is sent.
 *
 * @throws `floor_misconfigured` when an option is missing or wrong.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { createTenantPool, rowLevelSecurity } from '@tenancy/postgres';
 *
 * const context = new TenantContext();
 * const pool = createTenantPool({
 *   connectionString: process.env.DATABASE_URL,
 *   context,
 *   isolation: rowLevelSecurity(),
 * });
 * const { rows } = await context.run({ id: 't_acme', slug: 'acme' }, () => pool.query('select title from job'));
 * ```
 */
export function createTenantPool(options: TenantPoolOptions): TenantPool {
  return new TenantPool(options);
}
