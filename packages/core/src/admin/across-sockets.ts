import { storage, type TenantStore } from '../context/storage.js';

const KEY = Symbol.for('@tenancy/core:across-sockets');
const shared = globalThis as { [KEY]?: WeakSet<TenantStore> };

/** Shared by every copy of this package: a subpath may be loaded as ESM, and the admin as CommonJS. */
const stores: WeakSet<TenantStore> = (shared[KEY] ??= new WeakSet());

/** Runs `fn` outside every tenant, where what is sent to all sockets reaches everybody's. */
export function acrossSockets<R>(fn: () => R): R {
  const store: TenantStore = { tenant: null, refusal: null };
  stores.add(store);
  return storage.run(store, fn);
}

/** True in what {@link acrossSockets} runs, and in nothing that has entered a tenant from there. */
export function isAcrossSockets(): boolean {
  const store = storage.getStore();
  return store !== undefined && stores.has(store);
}
