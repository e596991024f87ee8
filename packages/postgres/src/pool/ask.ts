import { type Tenant, type TenantContext, TenantContextMissingError } from '@tenancy/core';

/** Where the tenant comes from: a `TenantContext`, or anything that answers like one. */
export type TenantSource = Pick<TenantContext, 'current' | 'isActive'>;

/** Who asked for a connection: a tenant, or nobody, and then why there is none. */
export type Asker =
  | { readonly tenant: Tenant; readonly refusal?: undefined }
  | { readonly tenant: null; readonly refusal: unknown };

/**
 * C2: captured when a connection is asked for. A pool that is exhausted calls back in the async context of whoever gave
 * a connection back, which is another tenant's as often as not.
 */
export function captureAsker(context: TenantSource): Asker {
  try {
    const tenant = context.current();
    if (typeof tenant?.id === 'string' && tenant.id !== '') return { tenant };
    return { tenant: null, refusal: new TenantContextMissingError() };
  } catch (refusal) {
    return { tenant: null, refusal };
  }
}

/** Statements that drivers and health checks send before there is a tenant. Each by its exact text; none reads a table. */
const HARMLESS: ReadonlySet<string> = new Set([
  'SELECT 1',
  'SELECT version()',
  'SELECT * FROM current_database()',
  'SELECT * FROM current_schema()',
]);

export function needsNoTenant(text: string | undefined): boolean {
  return text !== undefined && HARMLESS.has(text);
}
