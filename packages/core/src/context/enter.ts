import { inside } from './lazy/inside.js';
import { storage, type TenantStore } from './storage.js';

/**
 * Runs `fn` in the context of `store`, and so what it returns. C5: only ever `run`, never `enterWith`, which would leak into
 * whatever runs next.
 *
 * C1: what `fn` returns may be lazy (a Prisma query starts when it is awaited, an Observable when it is subscribed to).
 */
export function enter<R>(store: TenantStore, fn: () => R): R {
  return storage.run(store, () => inside(store, fn()));
}

/**
 * Runs `fn` outside every tenant's context, whoever calls: for what is everybody's, such as opening a connection that many share. A
 * socket that is opened in a tenant's context delivers in it whatever comes later, for whomever that is (C6).
 *
 * @example
 * ```ts
 * import { connect } from 'node:net';
 * import { outsideAnyTenant } from '@tenancy/core/adapter';
 *
 * const open = (port: number) => outsideAnyTenant(() => connect(port));
 * ```
 */
export function outsideAnyTenant<R>(fn: () => R): R {
  return storage.run(undefined, fn);
}
