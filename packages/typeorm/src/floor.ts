const TENANT_POOL = Symbol.for('@tenancy/postgres:tenant-pool');

/** The pool of @tenancy/postgres, which binds every query to the tenant that sends it. */
export interface TenantPoolLike {
  readonly strategy: string;
}

/** The tenant pool below a data source that is connected, or null. */
export function floorOf({
  driver: { master },
}: {
  readonly driver: { readonly master?: unknown };
}): TenantPoolLike | null {
  return isTenantPool(master) ? master : null;
}

function isTenantPool(value: unknown): value is TenantPoolLike {
  return typeof value === 'object' && value !== null && TENANT_POOL in value;
}
