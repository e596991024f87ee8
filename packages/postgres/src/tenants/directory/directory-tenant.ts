import type { Tenant } from '@tenancy/core';
import type { TenantPlace } from '../../isolation/tenant-place.js';

/**
 * - `provisioning`: not there yet for anybody who looks it up, and `deleted`: no more.
 * - `suspended`, `deleting`: known, and let in nowhere.
 */
export type DirectoryStatus = 'provisioning' | 'active' | 'suspended' | 'deleting' | 'deleted';

/** A tenant as the directory knows it. */
export type DirectoryTenant<Settings = Readonly<Record<string, unknown>>> = Tenant & {
  readonly status: DirectoryStatus;
  /** The name for people. */
  readonly name: string;
  readonly plan: string | null;
  readonly settings: Settings;
  readonly place: TenantPlace;
  readonly createdAt: string;
};
