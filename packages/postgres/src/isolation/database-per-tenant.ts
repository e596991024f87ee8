import type { Tenant } from '@tenancy/core';
import type { PoolConfig } from 'pg';
import type { Isolation, ReplicatedPlace } from '../connections/isolation.js';
import { DatabasePools } from '../databases/database-pools.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { requireReplicas } from '../replicas/read-options.js';
import { type DatabasePerTenantOptions, resolveDatabasePerTenantOptions } from './database-per-tenant-options.js';

/**
 * Each tenant in a database of its own, opened when it is first needed and closed when nobody uses it. Its queries carry
 * the tenant's id as well, as in a shared database.
 *
 * The options of the pool hold for each database: `ssl`, timeouts, `max`, `onConnect` and all others. An answer of
 * `connection` that names no host is about the pool's own server and user.
 *
 * Give each pool a strategy of its own: the pool's `end()` closes the databases that were opened for it.
 *
 * A connection is refused with `tenant_unplaceable` when `connection` fails or its answer is of no use, when it leads two
 * tenants to one database, and after `end()`; with `tenant_databases_exhausted` when `maxDatabases` are in use for longer
 * than `acquireTimeoutMillis`; with `database_unreachable` when the tenant's own does not answer.
 *
 * @throws `floor_misconfigured` when an option is missing or wrong.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { createTenantPool, databasePerTenant } from '@tenancy/postgres';
 *
 * const server = { host: 'db.internal', user: 'app', password: process.env.PGPASSWORD };
 * const pool = createTenantPool({
 *   context: new TenantContext(),
 *   isolation: databasePerTenant({
 *     connection: (tenant) => ({ ...server, database: `tenant_${tenant.slug}` }),
 *     maxDatabases: 50,
 *   }),
 * });
 * ```
 */
export function databasePerTenant(options: DatabasePerTenantOptions): Isolation {
  const settings = resolveDatabasePerTenantOptions(options);
  const { setting } = settings;
  const { replicas } = options;
  const pools = new DatabasePools(settings);
  return {
    strategy: 'database-per-tenant',
    setting,
    get waitingCount() {
      return pools.waitingCount;
    },
    place: (tenant) => {
      // P2: a pool under the key `undefined` would be everybody's.
      if (typeof tenant?.id !== 'string' || tenant.id === '') {
        throw new TenantFloorError(
          'tenant_unplaceable',
          'the tenant has no `id`. Pass a tenant as the registry returns it.',
        );
      }
      return {
        settings: [[setting, tenant.id]],
        ownsTables: true,
        connect: (createPool, options = {}) => pools.connect(tenant, { createPool, options }),
        get replicated() {
          return replicas && replicatedPlace(tenant, replicas, pools);
        },
      };
    },
    end: () => pools.end(),
  };
}

function replicatedPlace(
  tenant: Tenant,
  replicasOf: NonNullable<DatabasePerTenantOptions['replicas']>,
  pools: DatabasePools,
): ReplicatedPlace {
  let replicas: readonly (string | PoolConfig)[];
  try {
    replicas = replicasOf(tenant);
    requireReplicas('databasePerTenant', 'replicas', replicas);
  } catch (cause) {
    throw new TenantFloorError(
      'tenant_unplaceable',
      '`replicas` failed for this tenant, or answered with no list of addresses; see the cause.',
      { cause },
    );
  }
  return { server: tenant.id, home: '', replicas, database: (options) => pools.databaseOf(tenant, options) };
}
