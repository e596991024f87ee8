import { isLasting } from '../context/lasting.js';
import { storage, type TenantStore } from '../context/storage.js';
import { TenantContext } from '../context/tenant-context.js';
import { isThenable } from '../context/thenable.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireFunction } from '../errors/require-function.js';
import type { Tenant } from '../tenant.js';

const context = new TenantContext();

/**
 * One DataLoader for each request and tenant. A batch has keys of one tenant alone and is loaded as that one (K8), and what it has
 * loaded is forgotten with the request. In what lives long, such as a subscription, it is forgotten after each batch.
 *
 * `make` is called when a request first asks, in its context. It must not return a promise.
 *
 * @returns the loader of the work in hand. It throws `tenant_context_missing` outside any tenant's context.
 * @throws `tenancy_misconfigured` when `make` is no function.
 * @example
 * ```ts
 * import { tenantLoader } from '@tenancy/core/graphql';
 * import DataLoader from 'dataloader';
 *
 * declare const namesOf: (ids: readonly string[]) => Promise<string[]>;
 *
 * const names = tenantLoader(() => new DataLoader(namesOf));
 * const nameOf = (id: string) => names().load(id); // in a field resolver
 * ```
 */
export function tenantLoader<T extends object>(make: (tenant: Tenant) => T): () => T {
  requireFunction('tenantLoader', make);
  const made = new WeakMap<object, Map<string, T>>();
  return () => {
    const tenant = context.current();
    const store = storage.getStore() as TenantStore;
    const request = store.origin ?? store;
    // A batch runs as whoever loads first: what is set for a part of the request (`ContextVariable`) is not for the rest of it.
    const scope = store.values ?? request;
    let loaders = made.get(scope);
    if (!loaders) {
      loaders = new Map();
      made.set(scope, loaders);
      // DataLoader sends a batch off before this.
      if (isLasting(request)) setImmediate(() => made.delete(scope));
    }
    let loader = loaders.get(tenant.id);
    if (!loader) {
      loader = make(tenant);
      if (isThenable(loader)) throw promised();
      loaders.set(tenant.id, loader);
    }
    return loader;
  };
}

const promised = () =>
  new TenancyConfigurationError(
    'tenantLoader',
    'is given a function that returns a promise',
    'Return the loader itself: `() => new DataLoader(…)`.',
  );
