import { AdapterError, isBranded } from '@tenancy/core/adapter';

const BRAND = Symbol.for('@tenancy/postgres:migration-error');

/** The fault of a migration. */
export type MigrationErrorCode =
  | 'migrations_not_found'
  | 'migration_edited'
  | 'migration_removed'
  | 'migration_out_of_order'
  | 'migration_failed'
  | 'migration_left_transaction';

/** Why `migrate` stopped. `code` says what it is; `message` says what happened, why, and the fix. */
export class MigrationError extends AdapterError<MigrationErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'MigrationError';
}

/** True when `error` is a {@link MigrationError} (of `code`, when given), whichever copy of the package made it. */
export function isMigrationError(error: unknown, code?: MigrationErrorCode): error is MigrationError {
  return isBranded(error, BRAND, code);
}
