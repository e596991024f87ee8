import type { AdoptOptions } from '@tenancy/postgres/changes';
import type { DiagnoseOptions } from '@tenancy/postgres/doctor';
import type { LintOptions } from '@tenancy/postgres/lint';
import type { MigrateOptions } from '@tenancy/postgres/migrations';
import type { DeleteTenantOptions, TenantDirectory, TenantPlaces } from '@tenancy/postgres/tenants';

/** The tenants, for the commands that operate them. */
export interface TenantsConfig {
  /** The directory of the tenants. */
  readonly directory: TenantDirectory<unknown>;
  /**
   * The servers that tenants are on, of `tenantPlaces`, for the commands that write or read their data.
   * @defaultValue none
   */
  readonly places?: TenantPlaces;
  /**
   * Options of `deleteTenant`, for `tenancy delete`: what else holds data of a tenant, and what is kept on purpose.
   * @defaultValue none
   */
  readonly deletion?: Pick<
    DeleteTenantOptions,
    'also' | 'keep' | 'settleMillis' | 'lockTimeoutMillis' | 'lockPatienceMillis'
  >;
}

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
  /**
   * The directory of the tenants and their places, for `tenancy tenants`, `suspend`, `resume`, `rename` and others that operate a tenant.
   * @defaultValue none
   */
  readonly tenants?: TenantsConfig;
  /**
   * Options of `adopt`, for `tenancy adopt`: its tables above all. The policies are those of `policies`, where they are not said here.
   * @defaultValue none
   */
  readonly adopt?: Omit<AdoptOptions, 'connection' | 'until' | 'dryRun' | 'onProgress' | 'signal'> &
    Partial<Pick<AdoptOptions, 'until'>>;
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
  tenants: true,
  adopt: true,
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
