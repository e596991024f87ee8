import { TenancyConfigurationError } from '../errors/configuration-error.js';
import type { Tenant } from '../tenant.js';
import { isUsableTenantId } from '../tenant-id.js';
import { CachedTenantRegistry } from './cached-tenant-registry.js';
import { CheckedTenantRegistry } from './checked-tenant-registry.js';
import type { TenantRegistry } from './tenant-registry.js';

/**
 * The entries of a registry as they come: whoever visits them goes on after one that is no tenant.
 *
 * @throws `tenancy_misconfigured` where the registry has no `list()`.
 */
export function listedTenants(registry: TenantRegistry): AsyncIterable<Tenant> {
  if (registry instanceof CheckedTenantRegistry || registry instanceof CachedTenantRegistry) return registry.listed();
  if (typeof registry.list === 'function') return registry.list();
  throw new TenancyConfigurationError(
    'TenantRegistry.list',
    'is not there, so nobody knows which tenants to visit',
    'Give the registry a `list()`: an async iterable of all tenants.',
  );
}

/** True for an entry that names a tenant. */
export const isListed = (entry: Tenant | null | undefined): entry is Tenant => isUsableTenantId(entry?.id);
