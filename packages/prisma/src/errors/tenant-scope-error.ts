import { AdapterError, isBranded } from '@tenancy/core/adapter';

const BRAND = Symbol.for('@tenancy/prisma:error');

/**
 * - `scope_misconfigured`: the client cannot be scoped as it is; thrown by `tenantScoped`.
 * - `scope_refused`: this operation or argument is not known to be safe, so it did not run.
 * - `tenant_conflict`: the arguments name another tenant, or move a row to one.
 * - `tenant_row_unavailable`: an upsert could neither update nor create a row of this tenant.
 * - `transaction_tenant_changed`: a transaction was used by another tenant than the one that began it.
 */
export type TenantScopeErrorCode =
  | 'scope_misconfigured'
  | 'scope_refused'
  | 'tenant_conflict'
  | 'tenant_row_unavailable'
  | 'transaction_tenant_changed';

/** An error of this package: `message` says what happened, why, and the fix, and never shows a row or an id. */
export class TenantScopeError extends AdapterError<TenantScopeErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'TenantScopeError';
}

/** True when `error` is a {@link TenantScopeError} (of `code`, when given), whichever copy of the package made it. */
export function isTenantScopeError(error: unknown, code?: TenantScopeErrorCode): error is TenantScopeError {
  return isBranded(error, BRAND, code);
}
