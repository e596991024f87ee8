import { AsyncLocalStorage } from 'node:async_hooks';
import type { TenancyError } from '../errors/tenancy-error.js';
import type { Tenant } from '../tenant.js';

/**
 * The content of the AsyncLocalStorage, put there by an entrance, one small object each: a tenant, or the refusal to let
 * one in, or neither where work runs without a tenant on purpose.
 *
 * A request enters before Nest has routed it, so the guard is the one that clears it for `@Untenanted()` routes.
 */
export interface TenantStore {
  tenant: Tenant | null;
  refusal: TenancyError | null;
  /** The store of the context that it was entered from first of all, such as that of a request: work with this one is work of that. */
  readonly origin?: TenantStore | undefined;
  /**
   * Of the request that `TenantContext.run` was called in: what runs here has a tenant, and the request has none. The guard lets
   * nothing in by it.
   */
  readonly refused?: TenancyError | undefined;
  /** The value of each `ContextVariable`. */
  readonly values?: ReadonlyMap<object, unknown> | undefined;
}

const KEY = Symbol.for('@tenancy/core:storage');
const shared = globalThis as { [KEY]?: AsyncLocalStorage<TenantStore | undefined> };

/** The one AsyncLocalStorage of the process, shared by every copy of this package, ESM or CommonJS. */
export const storage: AsyncLocalStorage<TenantStore | undefined> = (shared[KEY] ??= new AsyncLocalStorage());

/** A store for `tenant`, entered from the one that is active. The origin only, or a loop that re-enters itself would keep them all. */
export function storeFor(tenant: Tenant | null, refused?: TenancyError | null): TenantStore {
  const around = storage.getStore();
  return {
    tenant,
    refusal: null,
    origin: around?.origin ?? around,
    refused: refused ?? around?.refused,
    values: around?.values,
  };
}

/** True when `store` is that of a request, which alone is entered from nothing, or work of one. */
export function isOfRequest(store: TenantStore | undefined): boolean {
  return store !== undefined && !('origin' in (store.origin ?? store));
}

/** True when what is active is work of `store`: it, or one that was entered from it. */
export function isWorkOf(store: TenantStore, active = storage.getStore()): boolean {
  return active === store || (active !== undefined && active.origin === store);
}

/**
 * The values that the work in hand carries beside its tenant, as one object: work with the same one may share what it does, such as a query that is sent
 * for several. Undefined where it carries none.
 *
 * @example
 * ```ts
 * import { variablesInHand } from '@tenancy/core/adapter';
 *
 * const isOneWork = (other: object | undefined) => variablesInHand() === other;
 * ```
 */
export function variablesInHand(): object | undefined {
  return storage.getStore()?.values;
}
