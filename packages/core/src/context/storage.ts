import { AsyncLocalStorage } from 'node:async_hooks';
import type { TenancyError } from '../errors/tenancy-error.js';
import type { Tenant } from '../tenant.js';

/**
 * The content of the AsyncLocalStorage, put there by an entrance, one small object each: a tenant, or the refusal to let
 * one in, or neither where work runs without a tenant on purpose.
 *
 * A request enters before Nest has routed it, so the guard is the one that clears it for `@Untenanted()` routes.
 */
export interface Corridor {
  tenant: Tenant | null;
  refusal: TenancyError | null;
  /** The corridor it was entered from first of all, such as that of a request: work in this one is work of that. */
  readonly origin?: Corridor | undefined;
  /**
   * Of the request that `TenantContext.run` was called in: what runs here has a tenant, and the request has none. The guard lets
   * nothing in by it.
   */
  readonly refused?: TenancyError | undefined;
  /** The value of each `ContextVariable`. */
  readonly values?: ReadonlyMap<object, unknown> | undefined;
}

const KEY = Symbol.for('@tenancy/core:storage');
const shared = globalThis as { [KEY]?: AsyncLocalStorage<Corridor | undefined> };

/** The one AsyncLocalStorage of the process, shared by every copy of this package, ESM or CommonJS. */
export const storage: AsyncLocalStorage<Corridor | undefined> = (shared[KEY] ??= new AsyncLocalStorage());

/** A corridor for `tenant`, entered from the one that is active. The origin only, or a loop that re-enters itself would keep them all. */
export function corridorFor(tenant: Tenant | null, refused?: TenancyError | null): Corridor {
  const around = storage.getStore();
  return {
    tenant,
    refusal: null,
    origin: around?.origin ?? around,
    refused: refused ?? around?.refused,
    values: around?.values,
  };
}

/** True when `corridor` is that of a request, which alone is entered from nothing, or work of one. */
export function isOfRequest(corridor: Corridor | undefined): boolean {
  return corridor !== undefined && !('origin' in (corridor.origin ?? corridor));
}

/** True when what is active is work of `corridor`: it, or one that was entered from it. */
export function isWorkOf(corridor: Corridor, active = storage.getStore()): boolean {
  return active === corridor || (active !== undefined && active.origin === corridor);
}
