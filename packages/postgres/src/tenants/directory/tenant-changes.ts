import type { DirectoryTenant } from './directory-tenant.js';

/** Fields of a tenant that get another value; what is left out stays. */
export interface TenantChanges<Settings = Readonly<Record<string, unknown>>> {
  readonly name?: string;
  /** The plan, or null for none. */
  readonly plan?: string | null;
  /** All of them. */
  readonly settings?: Settings;
}

/** Changes of a tenant, by a function of it as it is, with no other change in between. */
export type TenantChangesOf<Settings = Readonly<Record<string, unknown>>> = {
  // Of a method, whose argument a directory of narrower settings may narrow.
  changes(tenant: DirectoryTenant<Settings>): TenantChanges<Settings>;
}['changes'];
