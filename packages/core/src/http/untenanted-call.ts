import { ContextVariable } from '../context/context-variable.js';
import type { TenantStore } from '../context/storage.js';

const untenanted = new ContextVariable<true>();

/**
 * Runs `fn`, whose calls to named hosts are nobody's: no tenant is told, and none is needed. For what belongs to all tenants, such as a
 * health check of another service or a list of exchange rates.
 *
 * @throws `tenancy_misconfigured` when `fn` is no function.
 * @example
 * ```ts
 * import { untenantedCall } from '@tenancy/core/http';
 *
 * const isUp = () => untenantedCall(async () => (await fetch('https://billing.internal/health')).ok);
 * ```
 */
export function untenantedCall<R>(fn: () => R): R {
  return untenanted.run(true, fn);
}

/** True for the store of work inside {@link untenantedCall}. */
export const isUntenantedCall = (store: TenantStore | undefined): boolean => store?.values?.get(untenanted) === true;
