import { isTenantPool } from '@tenancy/core/adapter';
import { misconfigured } from './errors/misconfigured.js';
import type { TenantScopeError } from './errors/tenant-scope-error.js';
import { internalsOf } from './prisma-internals.js';

/**
 * Makes sure that what a client sends goes through `floor`: raw SQL is allowed on its word.
 *
 * @throws `scope_misconfigured` when it is not such a pool, or the client has another one.
 */
export function checkFloor(prisma: object, floor: unknown): void {
  const pool = internalsOf(prisma).adapter?.externalPool;
  if (floor === undefined) {
    if (!isTenantPool(pool) || pool.strategy !== 'schema-per-tenant') return;
    throw oneClientForAllSchemas();
  }
  if (!isTenantPool(floor)) {
    throw misconfigured(
      'tenantScoped: the option `floor` is not a tenant pool. Pass what `createTenantPool` of @tenancy/postgres made.',
    );
  }
  if (pool !== floor) {
    throw misconfigured(
      'tenantScoped: the client does not send its queries through the pool in the option `floor`. ' +
        'Create it with `new PrismaClient({ adapter: new PrismaPg(pool) })` over the same pool.',
    );
  }
}

/** P27: Prisma names a schema in every query of a model, so a client belongs to one schema. */
export function oneClientForAllSchemas(): TenantScopeError {
  return misconfigured(
    'tenantScoped: each tenant of this pool has a schema of its own, and a Prisma client belongs to one schema. Pass a function that ' +
      'makes a client for a schema: `tenantScoped(({ schema }) => new PrismaClient({ adapter: new PrismaPg(pool, { schema }) }), …)`.',
  );
}
