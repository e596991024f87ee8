import { AsyncLocalStorage } from 'node:async_hooks';
import type { TenancyError } from '../errors/tenancy-error.js';
import type { Tenant } from '../tenant.js';

/**
 * What an entrance puts into the corridor, one small object each: a tenant, or the refusal to let one in,
 * or neither where work runs without a tenant on purpose.
 *
 * A request enters before Nest has routed it, so the guard is the one that clears it for `@Untenanted()` routes.
 */
export interface Corridor {
  tenant: Tenant | null;
  refusal: TenancyError | null;
}

const KEY = Symbol.for('@tenancy/core:storage');
const shared = globalThis as { [KEY]?: AsyncLocalStorage<Corridor | undefined> };

/** The one AsyncLocalStorage of the process, shared by every copy of this package, ESM or CommonJS. */
export const storage: AsyncLocalStorage<Corridor | undefined> = (shared[KEY] ??= new AsyncLocalStorage());
