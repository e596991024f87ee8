import { isTenantPool, type TenantPoolLike } from '@tenancy/core/adapter';

/** The tenant pool below a data source that is connected, or null. */
export function floorOf({
  driver: { master },
}: {
  readonly driver: { readonly master?: unknown };
}): TenantPoolLike | null {
  return isTenantPool(master) ? master : null;
}
