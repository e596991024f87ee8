import { TenantScopeError } from './errors/tenant-scope-error.js';

const TENANT_POOL = Symbol.for('@tenancy/postgres:tenant-pool');

/** The pool of `createTenantPool` (@tenancy/postgres), which binds every query to the tenant that sends it. */
export interface TenantPoolLike {
  readonly strategy: string;
  connect(...args: never): unknown;
}

/**
 * Makes sure that what the client sends goes through `floor`: raw SQL is allowed on its word.
 *
 * @throws `scope_misconfigured` when it is not such a pool, the client has another one, or the two would disagree.
 */
export function checkFloor(prisma: object, floor: unknown): void {
  const pool = poolOf(prisma);
  if (isTenantPool(pool) && pool.strategy === 'schema-per-tenant') {
    // P27
    throw misconfigured(
      'Prisma names a schema in every query of a model, so they would all go to one schema while raw SQL follows the ' +
        'tenant. Use row-level security or a database per tenant.',
    );
  }
  if (floor === undefined) return;
  if (!isTenantPool(floor)) {
    throw misconfigured(
      'the option `floor` is not a tenant pool. Pass what `createTenantPool` of @tenancy/postgres made.',
    );
  }
  if (pool !== floor) {
    throw misconfigured(
      'the client does not send its queries through the pool in the option `floor`. ' +
        'Create it with `new PrismaClient({ adapter: new PrismaPg(pool) })` over the same pool.',
    );
  }
}

function poolOf(prisma: object): unknown {
  const { _engineConfig: engine } = prisma as { readonly _engineConfig?: { readonly adapter?: unknown } };
  return (engine?.adapter as { readonly externalPool?: unknown } | null | undefined)?.externalPool;
}

function isTenantPool(value: unknown): value is TenantPoolLike {
  return typeof value === 'object' && value !== null && TENANT_POOL in value;
}

function misconfigured(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_misconfigured', `tenantScoped: ${explanation}`);
}
