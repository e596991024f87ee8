import { TenantInactiveError, TenantRequiredError } from '../errors/refusals.js';
import type { Tenant } from '../tenant.js';
import { isUsableTenantId } from '../tenant-id.js';
import { CachedTenantRegistry } from './cached-tenant-registry.js';
import { failedLookup } from './lookup.js';
import type { TenantRegistry } from './tenant-registry.js';

/**
 * The tenant with `id` as it is now, for what begins later than it was asked for: a job, a tick.
 *
 * @throws `tenant_required` when the registry knows none, `tenant_inactive`, `tenant_registry_unavailable`.
 */
export async function activeTenant(registry: TenantRegistry, id: string): Promise<Tenant> {
  const tenant = isUsableTenantId(id) ? await found(registry, id) : null;
  if (!tenant)
    throw new TenantRequiredError('the registry knows no tenant with this id; it may have been deleted since.');
  if (!isActive(tenant)) throw new TenantInactiveError();
  return tenant;
}

/**
 * The same without a promise, where the registry's cache remembers an active tenant; `undefined` where {@link activeTenant} is to be asked.
 */
export function rememberedTenant(registry: TenantRegistry, id: string): Tenant | undefined {
  // A registry that answers otherwise, such as one of a test, is asked.
  if (registry.findById !== CachedTenantRegistry.prototype.findById) return undefined;
  const tenant = (registry as CachedTenantRegistry).peek('id', id);
  return tenant && isActive(tenant) ? tenant : undefined;
}

const isActive = ({ status }: Tenant): boolean => (status ?? 'active') === 'active';

async function found(registry: TenantRegistry, id: string): Promise<Tenant | null> {
  try {
    return await registry.findById(id);
  } catch (error) {
    throw failedLookup('id', error);
  }
}
