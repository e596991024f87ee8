import { outsideAnyTenant } from '../context/enter.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireFunction } from '../errors/require-function.js';
import type { CacheAuditEvent, TenantAuditEvent } from './audit-event.js';
import { type AuditSink, AuditTrail } from './audit-trail.js';
import { requireReason } from './require-reason.js';
import { requireTenantId } from './require-tenant-id.js';

/** The parts of a cache, as an admin needs them. */
interface Caches {
  tenant(id: string): { clear(): Promise<boolean> };
  clear(): Promise<void>;
  readonly whole?: unknown;
}

/** The cache-manager below all tenants' caches: it is a `Cache` of cache-manager, whose keys and values are as they are stored. */
export interface RawCache {
  /** Keyv's, in the order that the application gave. */
  readonly stores: readonly unknown[];
  /** Listens to what the stores say, across all tenants: `error` above all. */
  on(event: string, listener: (...args: never[]) => void): unknown;
  /** Takes a listener back. */
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/**
 * The way to caches of others than the current tenant, for those who operate: each call has a reason, and leaves an audit event before
 * anything is done. `TenantCacheModule` provides it.
 *
 * @example
 * ```ts
 * import type { TenantCacheAdmin } from '@tenancy/core/admin';
 *
 * const forget = (caches: TenantCacheAdmin) => caches.clear('t_acme', { reason: 'support ticket 4711' });
 * ```
 */
export class TenantCacheAdmin {
  readonly #caches: Caches;
  readonly #audit: AuditTrail<CacheAuditEvent>;

  /** @internal */
  constructor(caches: Caches, audit?: AuditSink<TenantAuditEvent> | null) {
    this.#caches = caches;
    this.#audit = new AuditTrail('TenantCacheAdmin', audit as AuditSink<CacheAuditEvent> | null);
  }

  /**
   * Empties the cache of one tenant, whoever is active, in one step.
   *
   * @throws `tenancy_misconfigured` without a reason, or without a tenant's id.
   * @throws `tenant_cache_unavailable` when the store does not keep it.
   */
  async clear(tenantId: string, options: { readonly reason: string }): Promise<void> {
    const reason = requireReason('TenantCacheAdmin.clear', options);
    requireTenantId('TenantCacheAdmin.clear', tenantId);
    await this.#audit.record({ action: 'clear_cache', tenantId, reason });
    await this.#caches.tenant(tenantId).clear();
  }

  /**
   * Empties the caches of all tenants, and what they share. In a store it is what Keyv's `clear` is: everything of its namespace.
   *
   * @throws `tenancy_misconfigured` without a reason.
   */
  async clearAll(options: { readonly reason: string }): Promise<void> {
    const reason = requireReason('TenantCacheAdmin.clearAll', options);
    await this.#audit.record({ action: 'clear_all_caches', tenantId: null, reason });
    await this.#caches.clear();
  }

  /**
   * Calls `fn` outside every tenant with the cache-manager below: its stores, and events that name keys and values of all tenants.
   *
   * @throws `tenancy_misconfigured` without a reason, or where there are no `stores`: then there is none for all.
   */
  async acrossTenants<R>(options: { readonly reason: string }, fn: (cache: RawCache) => R): Promise<Awaited<R>> {
    const reason = requireReason('TenantCacheAdmin.acrossTenants', options);
    requireFunction('TenantCacheAdmin.acrossTenants', fn);
    const { whole } = this.#caches;
    if (!whole) {
      throw new TenancyConfigurationError(
        'TenantCacheAdmin.acrossTenants',
        'has no cache below those of tenants: without `stores` each has its own, in memory',
        'Give `TenantCacheModule` a store.',
      );
    }
    await this.#audit.record({ action: 'across_caches', tenantId: null, reason });
    return await outsideAnyTenant(() => fn(whole as RawCache));
  }
}
