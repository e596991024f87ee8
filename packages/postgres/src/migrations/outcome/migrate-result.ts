/** A target that could not be brought up to date. */
export interface FailedTarget {
  /** The id of the tenant; null for the database itself. */
  readonly tenant: string | null;
  /** Its schema; null for a database. */
  readonly schema: string | null;
  readonly message: string;
}

/** The result of `migrate`. */
export interface MigrateResult {
  /** The migrations that this call applied somewhere, in order. */
  readonly applied: readonly string[];
  /** How many targets this call brought up to date. */
  readonly migrated: number;
  /** How many were up to date already. */
  readonly current: number;
  readonly failed: readonly FailedTarget[];
  /** Those that failed earlier at a migration which is the same as then, and were left alone. */
  readonly quarantined: readonly FailedTarget[];
  /** Why the run ended before its end; null where it did not. */
  readonly stopped: string | null;
  /** In a dry run: the SQL that each target would be sent. */
  readonly planned: readonly PlannedTarget[];
}

/** A target of a dry run, and what it would be sent. */
export interface PlannedTarget {
  readonly tenant: string | null;
  readonly schema: string | null;
  readonly migrations: readonly string[];
  readonly sql: string;
}
