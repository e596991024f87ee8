import { AdapterError, isBranded } from '@tenancy/core/adapter';

const BRAND = Symbol.for('@tenancy/postgres:tenants-error');

/**
 * - `tenant_unknown`: the directory has no tenant with this id.
 * - `tenant_exists`: the id, the slug or the domain is taken, by a tenant or as an alias of one.
 * - `tenant_name_unusable`: a slug, a domain or an id that cannot be one.
 * - `domain_unproven`: DNS does not say that the domain is the tenant's, or did not answer.
 * - `tenant_settings_refused`: the plan is none of `plans`, or the schema of the settings refuses them.
 * - `tenant_state_refused`: the tenant is in a state from which this does not lead on, such as one that is being deleted.
 * - `tenant_busy`: another operation on this tenant is under way, or was left unfinished.
 * - `directory_missing`: the database has no directory, or an older one.
 * - `place_unknown`: the directory names a server that `tenantPlaces` does not.
 * - `place_unusable`: the place has no role, table, key or right that the operation needs.
 * - `place_unreachable`: a server does not let the operation in, or a pooler is in between.
 * - `tenant_left`: a scan after a deletion found what is still there of the tenant; the message says where.
 * - `archive_refused`: an archive is incomplete, was altered, or does not fit the tables or migrations here.
 * - `archive_unwritable`: an archive cannot be written, or there is a file of its name.
 * - `operation_failed`: a step failed; the message says what was done and what was not.
 * - `operation_interrupted`: the signal ended it; the same call goes on where it was.
 * - `operation_differs`: what was left unfinished was begun with other options.
 */
export type TenantsErrorCode =
  | 'tenant_unknown'
  | 'tenant_exists'
  | 'tenant_name_unusable'
  | 'domain_unproven'
  | 'tenant_settings_refused'
  | 'tenant_state_refused'
  | 'tenant_busy'
  | 'directory_missing'
  | 'place_unknown'
  | 'place_unusable'
  | 'place_unreachable'
  | 'tenant_left'
  | 'archive_refused'
  | 'archive_unwritable'
  | 'operation_failed'
  | 'operation_interrupted'
  | 'operation_differs';

/** An error about a tenant's life. `message` says what happened, what was done and what was not, and the fix; it shows no row. */
export class TenantsError extends AdapterError<TenantsErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'TenantsError';
}

/** True when `error` is a {@link TenantsError} (of `code`, when given), whichever copy of the package made it. */
export function isTenantsError(error: unknown, code?: TenantsErrorCode): error is TenantsError {
  return isBranded(error, BRAND, code);
}
