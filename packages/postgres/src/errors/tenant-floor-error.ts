import { AdapterError, isBranded } from '@tenancy/core/adapter';

const BRAND = Symbol.for('@tenancy/postgres:floor-error');

/**
 * - `floor_misconfigured`: an option is wrong or missing; thrown where the pool, a strategy or the policies are built.
 * - `floor_unsafe`: the database does not hold the tenants apart as it stands, so the pool refused to start.
 * - `statement_refused`: this SQL cannot be bound to one tenant, so it was not sent.
 * - `connection_released`: a connection was used after it went back to the pool.
 * - `connection_out_of_step`: the server's reply did not begin with this tenant's own binding; the connection was closed.
 * - `connection_not_reset`: what another tenant may have left on the connection could not be undone; it was closed.
 * - `tenant_unplaceable`: the tenant has no schema or database of its own that could be used.
 * - `tenant_databases_exhausted`: every database the pool may keep open is in use.
 * - `replica_behind`: no replica has replayed what the read must see, and the primary was not to be asked; or one that had is none any more.
 * - `database_unreachable`: the database accepted no connection in time, stopped answering, or ended in the middle of a reply.
 */
export type TenantFloorErrorCode =
  | 'floor_misconfigured'
  | 'floor_unsafe'
  | 'statement_refused'
  | 'connection_released'
  | 'connection_out_of_step'
  | 'connection_not_reset'
  | 'tenant_unplaceable'
  | 'tenant_databases_exhausted'
  | 'replica_behind'
  | 'database_unreachable';

/** An error of the floor: `message` says what happened, why, and the fix, and never shows a row or a tenant's id. */
export class TenantFloorError extends AdapterError<TenantFloorErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'TenantFloorError';
}

/** True when `error` is a {@link TenantFloorError} (of `code`, when given), whichever copy of the package made it. */
export function isTenantFloorError(error: unknown, code?: TenantFloorErrorCode): error is TenantFloorError {
  return isBranded(error, BRAND, code);
}
