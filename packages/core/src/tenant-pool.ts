/** On every tenant pool, so that it is known whichever copy of @tenancy/postgres made it. */
export const TENANT_POOL = Symbol.for('@tenancy/postgres:tenant-pool');

/**
 * The pool of `createTenantPool` (@tenancy/postgres) as an adapter sees it: every query that is sent through it is bound to the
 * tenant that sends it, and one without a tenant is refused with `tenant_context_missing`.
 */
export interface TenantPoolLike {
  /** The way tenants are kept apart: `row-level-security`, `schema-per-tenant`, `database-per-tenant` or `by-tenant`. */
  readonly strategy: string;
  /**
   * The schema of the current tenant, for libraries that name it in their queries. Null where tenants have no schema of their own.
   *
   * Reading it throws `tenant_context_missing` without a tenant, `tenant_unplaceable` when it has no place of its own.
   */
  readonly currentSchema: string | null;
  /** Runs the start-up checks, once. It rejects with `floor_unsafe` where the database does not hold tenants apart. */
  verify(): Promise<void>;
  /** A connection that is bound to the tenant who asks for it. */
  connect(...args: never): unknown;
}

/**
 * True for a tenant pool, of whichever copy of @tenancy/postgres. What is none may send queries that no tenant limits: an adapter
 * that relies on the pool refuses it.
 *
 * @example
 * ```ts
 * import { isTenantPool } from '@tenancy/core/adapter';
 *
 * const holdsRows = (pool: unknown) => isTenantPool(pool) && pool.strategy === 'row-level-security';
 * ```
 */
export function isTenantPool(value: unknown): value is TenantPoolLike {
  return typeof value === 'object' && value !== null && TENANT_POOL in value;
}
