import type { Tenant } from '@tenancy/core';
import type { ClientConfig } from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireOptions } from '../../errors/require-arguments.js';
import type { DatabaseTargets, Tenants } from './targets.js';
import { listed, requireTenants } from './tenants.js';

/** Options of {@link eachDatabase}. */
export interface EachDatabaseOptions {
  /** The tenants: a list, or a registry that has `list()`. */
  readonly tenants: Tenants;
  /** Says where a tenant's database is, with a role that owns what the migrations change. They may lie on several servers. */
  readonly connection: (tenant: Tenant) => string | ClientConfig | Promise<string | ClientConfig>;
}

/**
 * Migrations run in the database of each tenant, each of which keeps its own ledger.
 *
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong.
 */
export function eachDatabase(options: EachDatabaseOptions): DatabaseTargets {
  requireOptions('eachDatabase', options, 'tenants');
  const { tenants, connection } = options;
  refuseUnknown('eachDatabase', options, ['tenants', 'connection']);
  requireTenants('eachDatabase', tenants);
  if (typeof connection !== 'function') {
    throw misconfigured(
      'eachDatabase: the option `connection` is not a function. Pass one that answers with the database of a tenant.',
    );
  }
  return {
    kind: 'databases',
    list: async () =>
      (await listed(tenants)).map((tenant) => ({ tenant: tenant.id, connection: async () => connection(tenant) })),
  };
}
