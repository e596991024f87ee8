import type { Tenant } from '@tenancy/core';
import type { Isolation, Placement } from './isolation.js';

export interface RowLevelSecurityOptions {
  /**
   * The setting that the policies read.
   * @defaultValue `'app.tenant_id'`
   */
  readonly setting?: string;
}

export function rowLevelSecurity({ setting = 'app.tenant_id' }: RowLevelSecurityOptions = {}): Isolation {
  const placements = new WeakMap<Tenant, Placement>();
  return {
    strategy: 'row-level-security',
    setting,
    place(tenant) {
      const known = placements.get(tenant);
      if (known) return known;
      const placement: Placement = { settings: [[setting, tenant.id]], ownsTables: false };
      placements.set(tenant, placement);
      return placement;
    },
  };
}
