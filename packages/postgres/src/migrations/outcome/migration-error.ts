import { AdapterError, isBranded } from '@tenancy/core/adapter';
import type { MigrateResult } from './migrate-result.js';

const BRAND = Symbol.for('@tenancy/postgres:migration-error');

/** The fault of a migration. */
export type MigrationErrorCode =
  | 'migrations_not_found'
  | 'migration_unreadable'
  | 'migration_refused'
  | 'migration_edited'
  | 'migration_removed'
  | 'migration_out_of_order'
  | 'migration_failed'
  | 'migration_left_transaction'
  | 'migration_left_schema'
  | 'migration_busy'
  | 'migration_pooled'
  | 'migrations_pending'
  | 'target_unknown'
  | 'target_lost'
  | 'target_unreachable'
  | 'target_forbidden'
  | 'target_read_only'
  | 'target_exhausted'
  | 'ledger_foreign'
  | 'targets_failed';

/** Why a run of migrations stopped. `code` says what it is; `message` says what happened, why, and the fix. */
export class MigrationError extends AdapterError<MigrationErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'MigrationError';
  /** The migration that it is about; absent where it is about none. */
  declare readonly migration?: string;
  /** The result of the run all the same, where it was over many targets. */
  declare readonly result?: MigrateResult;

  constructor(
    code: MigrationErrorCode,
    explanation: string,
    { migration, result, ...options }: { cause?: unknown; migration?: string; result?: MigrateResult } = {},
  ) {
    super(code, explanation, options);
    if (migration !== undefined) this.migration = migration;
    if (result !== undefined) Object.defineProperty(this, 'result', { value: result });
  }
}

/** True when `error` is a {@link MigrationError} (of `code`, when given), whichever copy of the package made it. */
export function isMigrationError(error: unknown, code?: MigrationErrorCode): error is MigrationError {
  return isBranded(error, BRAND, code);
}
