import type { ClientConfig } from 'pg';
import type { CompilePoliciesOptions } from '../../policies/policy-options.js';
import type { ReadTablesOptions } from '../../policies/read-tables.js';
import type { MigrationSource } from '../source/migration-source.js';
import type { MigrationTargets } from '../targets/targets.js';

/** The migrations, and what they are for: what every command over them is told. */
export interface MigrationsOptions {
  /**
   * The database, as a URL or as `pg` takes it. The role must own what the migrations change; it should not be the role
   * that the application runs as.
   * @defaultValue none; left out with `eachDatabase` alone, which says it for each tenant
   */
  readonly connection?: string | ClientConfig;
  /**
   * The directory that holds the `*.sql` files, or a folder for each migration as Prisma lays them out.
   * @defaultValue none; left out where `migrations` is there
   */
  readonly directory?: string | URL;
  /**
   * In place of `directory`: something else that has migrations.
   * @defaultValue the files of `directory`
   */
  readonly migrations?: MigrationSource;
  /**
   * The schemas or databases of tenants, by `eachSchema` or `eachDatabase`.
   * @defaultValue the database itself
   */
  readonly targets?: MigrationTargets;
}

/** Tables and policies as `compilePolicies` and `readTables` take them; `tables` are those that `readTables` does not know by their column. */
export type MigrationPolicies = Omit<CompilePoliciesOptions, 'tables' | 'shared' | 'views' | 'hidden'> &
  Pick<ReadTablesOptions, 'schemas' | 'tenantColumn' | 'shared' | 'hidden'> &
  Partial<Pick<CompilePoliciesOptions, 'tables'>>;

/** Tenants that are migrated before all others. */
export interface Canary {
  /** Ids of tenants, or how many of the first. */
  readonly tenants: readonly string[] | number;
  /**
   * Milliseconds between them and the others.
   * @defaultValue `0`
   */
  readonly pauseMillis?: number;
  /**
   * Asked before the others are begun; anything but true ends the run there.
   * @defaultValue nobody is asked
   */
  readonly confirm?: () => boolean | Promise<boolean>;
}

/** The outcome of a target, with the reason where it failed. */
export type TargetOutcome = { readonly outcome: 'migrated' } | { readonly outcome: 'failed'; readonly message: string };

/** An event of a run, for a display. */
export type MigrationProgress =
  | {
      readonly type: 'planned';
      readonly targets: number;
      /** Null for databases of tenants, each of which is asked when it is its turn. */
      readonly behind: number | null;
    }
  | ({ readonly type: 'target'; readonly target: string; readonly done: number; readonly of: number } & TargetOutcome)
  | { readonly type: 'waiting'; readonly target: string; readonly blockers: readonly string[] }
  | { readonly type: 'canary'; readonly targets: number }
  | { readonly type: 'busy' | 'orphan'; readonly message: string };

/** Options of `migrate`. */
export interface MigrateOptions extends MigrationsOptions {
  /**
   * The policies of row-level security, compiled and run in the transaction of the migrations: no table is without its own for a moment (O14).
   * In the schema of each tenant they hold the tables that have the tenant column, which the role reaches from everywhere by their full name;
   * `tables`, `schemas`, `shared` and `hidden` are about the database itself, and say nothing there.
   * @defaultValue none are run
   */
  readonly policies?: MigrationPolicies;
  /**
   * Ids of the tenants that are migrated; others are left as they are.
   * @defaultValue all
   */
  readonly tenants?: readonly string[];
  /**
   * True for those alone that failed before.
   * @defaultValue `false`
   */
  readonly onlyFailed?: boolean;
  /**
   * Names of migrations that were changed after they were applied to some targets, with the same outcome: one that failed for others was
   * corrected. What was applied is not applied again.
   * @defaultValue `[]`
   */
  readonly acceptEdited?: readonly string[];
  /**
   * Connections that work at once.
   * @defaultValue `4`, and `16` for databases
   */
  readonly workers?: number;
  /**
   * Schemas in one transaction, from 1 to 10. More are faster and keep their locks for longer. Where one fails each is tried by itself.
   * @defaultValue `1`
   */
  readonly batch?: number;
  /**
   * Tenants that are migrated before all others, and what has to hold before the others follow.
   * @defaultValue none are first
   */
  readonly canary?: Canary;
  /**
   * The share of failed targets, from 0 to 1, above which no other is begun.
   * @defaultValue `0.05`
   */
  readonly maxFailures?: number;
  /**
   * Milliseconds that a statement waits for a lock before it makes way and is tried again (O22).
   * @defaultValue `100`
   */
  readonly lockTimeoutMillis?: number;
  /**
   * Milliseconds after which a target is given up that gets no lock.
   * @defaultValue `60_000`
   */
  readonly lockPatienceMillis?: number;
  /**
   * Milliseconds that a run waits for another one on the same database to end; with `0` it fails at once.
   * @defaultValue `600_000`
   */
  readonly busyTimeoutMillis?: number;
  /**
   * True to be told the SQL, of which nothing is sent.
   * @defaultValue `false`
   */
  readonly dryRun?: boolean;
  /**
   * Told of each thing as it happens: of a target that is done, has failed, or waits for a lock.
   * @defaultValue nobody is told
   */
  readonly onProgress?: (event: MigrationProgress) => void;
  /**
   * Ends the run when the work under way is done; what waits for a lock waits no longer, and is left as it was.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
}
