import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { isUsableTenantId } from '../tenant-id.js';

/**
 * Holds an admin's work on one tenant to a tenant's id.
 *
 * @param place - what was called, as an error names it: `TenantStorageAdmin.deleteAll`
 * @throws `tenancy_misconfigured` where it is none.
 */
export function requireTenantId(place: string, tenantId: unknown): void {
  if (isUsableTenantId(tenantId)) return;
  throw new TenancyConfigurationError(place, 'is given no id of a tenant', 'Pass it first.');
}
