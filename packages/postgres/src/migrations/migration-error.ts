// Two copies of this package (ESM and CommonJS) may meet in one process, so an error is known by its brand.
const BRAND = Symbol.for('@tenancy/postgres:migration-error');

/** What is wrong with a migration. */
export type MigrationErrorCode =
  | 'migrations_not_found'
  | 'migration_edited'
  | 'migration_removed'
  | 'migration_out_of_order'
  | 'migration_failed'
  | 'migration_left_transaction';

/** Why `migrate` stopped. `code` says what it is; `message` says what happened, why, and the fix. */
export class MigrationError extends Error {
  readonly [BRAND] = true;
  override readonly name = 'MigrationError';
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, explanation: string, options?: { readonly cause?: unknown }) {
    super(`${code}: ${explanation}`, options);
    this.code = code;
  }
}

/** Whether `error` is a {@link MigrationError} (of `code`, when given), whichever copy of the package made it. */
export function isMigrationError(error: unknown, code?: MigrationErrorCode): error is MigrationError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as { [BRAND]?: unknown })[BRAND] === true &&
    (code === undefined || (error as MigrationError).code === code)
  );
}
