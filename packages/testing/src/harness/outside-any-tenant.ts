import { AsyncLocalStorage } from 'node:async_hooks';

/** Where every copy of `@tenancy/core` keeps the one storage of the process. */
const KEY = Symbol.for('@tenancy/core:storage');

/**
 * Runs `work` without a tenant, whoever calls: a context around a test's requests would stand in for the one that the
 * application has to find itself, and hide that it does not.
 */
export function outsideAnyTenant<R>(work: () => R): R {
  const storage = (globalThis as { [KEY]?: AsyncLocalStorage<unknown> })[KEY];
  // A copy of the core that came from elsewhere may not be loaded yet, and then nobody is inside.
  return storage instanceof AsyncLocalStorage ? storage.run(undefined, work) : work();
}
