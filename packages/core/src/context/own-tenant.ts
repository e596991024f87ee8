/**
 * A mark for what keeps the tenant that made it by itself, wherever it is begun: a lazy query that captured its tenant. An object
 * with this property is returned by `TenantContext.run` as it is; whatever else is lazy is wrapped to run inside.
 *
 * @example
 * ```ts
 * import { OWN_TENANT } from '@tenancy/core/adapter';
 *
 * class LazyQuery {
 *   readonly [OWN_TENANT] = true;
 * }
 * ```
 */
export const OWN_TENANT = Symbol.for('@tenancy/core:own-tenant');
