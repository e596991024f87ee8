import type { DiagnoseOptions } from '@tenancy/postgres/doctor';
import type { LintOptions } from '@tenancy/postgres/lint';
import type { MigrateOptions } from '@tenancy/postgres/migrations';

/**
 * The configuration of the command: the options of `migrate` that are no matter of a single run. Flags and environment variables say
 * otherwise for one run.
 */
export interface TenancyConfig
  extends Omit<MigrateOptions, 'tenants' | 'onlyFailed' | 'acceptEdited' | 'dryRun' | 'onProgress' | 'signal'> {
  /**
   * Options of `lintMigrations`, for `tenancy lint`. The strategy is that of `targets`, and tables are those of `policies`, where they are
   * not said here.
   * @defaultValue none
   */
  readonly lint?: Omit<LintOptions, 'since' | 'lines'>;
  /**
   * Options of `diagnose`, for `tenancy doctor`, beside the tables, which are those of `policies`. TENANCY_APP_DATABASE_URL is `application`.
   * @defaultValue none
   */
  readonly doctor?: Pick<DiagnoseOptions, 'application' | 'largeTable' | 'longTransactionMinutes' | 'observedDays'>;
}

/** Names that a configuration may have. */
export const KNOWN: readonly string[] = Object.keys({
  connection: true,
  directory: true,
  migrations: true,
  targets: true,
  policies: true,
  workers: true,
  batch: true,
  canary: true,
  maxFailures: true,
  lockTimeoutMillis: true,
  lockPatienceMillis: true,
  busyTimeoutMillis: true,
  lint: true,
  doctor: true,
} satisfies Record<keyof TenancyConfig, true>);

/**
 * The configuration as it is, with its types checked: for the default export of `tenancy.config.ts`, which the application may import
 * as well.
 *
 * @example
 * ```ts
 * import { defineConfig } from '@tenancy/cli';
 *
 * export default defineConfig({
 *   connection: 'postgres://localhost/app',
 *   directory: 'migrations',
 *   policies: { role: 'app', shared: ['country'] },
 * });
 * ```
 */
export function defineConfig<const Config extends TenancyConfig>(config: Config): Config {
  return config;
}
