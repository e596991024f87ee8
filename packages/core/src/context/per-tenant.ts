import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireFunction } from '../errors/require-function.js';
import { RecentlyUsed } from '../recently-used.js';
import type { Tenant } from '../tenant.js';
import { storage } from './storage.js';
import { TenantContext } from './tenant-context.js';

/** Limits of `perTenant`. */
export interface PerTenantOptions {
  /**
   * Number of tenants whose own is kept: those used last for certain, and twice as many at most.
   * @defaultValue `1_000`
   */
  readonly max?: number | undefined;
}

const context = new TenantContext();

/**
 * One of something for each tenant: of what batches, merges or reloads by a key that does not know about tenants (an LRU cache with a
 * `fetchMethod`, a DataLoader). What one tenant's waits for is then never loaded as another.
 *
 * `make` is called when a tenant first asks, in that tenant's context and in nothing else of the request that happens to be first. It
 * must not return a promise.
 *
 * @returns the current tenant's own. It throws `tenant_context_missing` outside any tenant's context.
 * @throws `tenancy_misconfigured` when `make` is no function, or `max` no whole number from 1.
 * @example
 * ```ts
 * import { perTenant } from '@tenancy/core';
 *
 * declare const load: (id: string) => Promise<string>;
 *
 * class Titles {
 *   readonly #load = load;
 *   readonly loading = new Map<string, Promise<string>>();
 *
 *   get(id: string): Promise<string> {
 *     const title = this.loading.get(id) ?? this.#load(id);
 *     this.loading.set(id, title);
 *     return title;
 *   }
 * }
 *
 * const titles = perTenant(() => new Titles(), { max: 500 });
 * const title = () => titles().get('job_1'); // of the current tenant
 * ```
 */
export function perTenant<T>(make: (tenant: Tenant) => T, { max = 1_000 }: PerTenantOptions = {}): () => T {
  requireFunction('perTenant', make);
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new TenancyConfigurationError('perTenant.max', 'is no whole number from 1', 'Correct it, or leave it out.');
  }
  const made = new RecentlyUsed<{ readonly of: T }>(max);
  return () => {
    const tenant = context.current();
    const known = made.get(tenant.id);
    if (known) return known.of;
    // It outlives the request, whose other values (`ContextVariable`) are nobody else's.
    const own = { of: storage.run({ tenant, refusal: null }, () => make(tenant)) };
    made.set(tenant.id, own);
    return own.of;
  };
}
