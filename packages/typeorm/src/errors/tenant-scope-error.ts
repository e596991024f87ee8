import { AdapterError, isBranded } from '@tenancy/core/adapter';

const BRAND = Symbol.for('@tenancy/typeorm:scope-error');

/**
 * - `scope_misconfigured`: the data source cannot be scoped as it is; thrown by `tenantScoped` and when it initialises.
 * - `scope_refused`: this statement is not known to be safe, so it did not run.
 * - `tenant_conflict`: a row names another tenant, or would be moved to one.
 * - `tenant_row_unavailable`: a reference names a row that is not there for this tenant, or a unique key is taken by such a row.
 * - `query_tenant_changed`: SQL that was generated for one tenant, or a transaction that it began, was used by another.
 */
export type TenantScopeErrorCode =
  | 'scope_misconfigured'
  | 'scope_refused'
  | 'tenant_conflict'
  | 'tenant_row_unavailable'
  | 'query_tenant_changed';

/** An error of this package: `message` says what happened, why, and the fix, and never shows a row or an id. */
export class TenantScopeError extends AdapterError<TenantScopeErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'TenantScopeError';
}

/** True when `error` is a {@link TenantScopeError} (of `code`, when given), whichever copy of the package made it. */
export function isTenantScopeError(error: unknown, code?: TenantScopeErrorCode): error is TenantScopeError {
  return isBranded(error, BRAND, code);
}
