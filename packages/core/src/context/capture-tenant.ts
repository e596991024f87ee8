import { TenantContextMissingError } from '../errors/context-errors.js';
import type { Tenant } from '../tenant.js';
import { isUsableTenantId } from '../tenant-id.js';
import type { TenantContext } from './tenant-context.js';

/** The source of the current tenant for an adapter: a `TenantContext`, or anything that answers like one. */
export type TenantReader = Pick<TenantContext, 'current' | 'isActive'>;

/** The tenant of the work in hand, or why there is none: the error to throw where a tenant is needed. */
export type CapturedTenant =
  | { readonly tenant: Tenant; readonly refusal?: undefined }
  | { readonly tenant: null; readonly refusal: unknown };

const UNUSABLE =
  'the tenant of the context has no usable `id`: a non-empty, well-formed string of at most 255 bytes without NUL. ' +
  'Pass a tenant as the registry returns it.';

/**
 * The tenant of the work in hand, to be kept for later. It never throws.
 *
 * C2: an adapter captures when it is called, and uses what it captured wherever the work goes on. A pool that is exhausted, and a
 * socket that others wait for, call back in the async context of somebody else, which is another tenant's as often as not.
 *
 * `refusal` is what the context threw, or `tenant_context_missing` where the tenant's id is not usable.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { captureTenant } from '@tenancy/core/adapter';
 *
 * const context = new TenantContext();
 * const { tenant } = context.run({ id: 't_acme', slug: 'acme' }, () => captureTenant(context));
 * const id = tenant?.id; // 't_acme'
 * ```
 */
export function captureTenant(context: Pick<TenantReader, 'current'>): CapturedTenant {
  try {
    const tenant = context.current();
    if (isUsableTenantId(tenant?.id)) return { tenant };
    return { tenant: null, refusal: new TenantContextMissingError(UNUSABLE) };
  } catch (refusal) {
    return { tenant: null, refusal };
  }
}
