import type { Isolation } from './isolation.js';

export interface RowLevelSecurityOptions {
  /**
   * The setting that the policies read.
   * @defaultValue `'app.tenant_id'`
   */
  readonly setting?: string;
}

export function rowLevelSecurity({ setting = 'app.tenant_id' }: RowLevelSecurityOptions = {}): Isolation {
  return {
    strategy: 'row-level-security',
    setting,
    place: (tenant) => ({ settings: [[setting, tenant.id]], ownsTables: false }),
  };
}
