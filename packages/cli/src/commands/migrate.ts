import type { MigrateOptions, MigrateResult } from '@tenancy/postgres/migrations';
import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/exit-code.js';
import { Interruption } from '../interruption.js';
import type { Output } from '../output/output.js';
import { reportError } from '../output/report-error.js';
import { type Display, displayFor } from '../progress/display.js';
import { addCommonOptions, type CommonFlags, doing, numberFrom, repeated, seconds, share } from './common-options.js';
import { type CanaryFlags, canaryOf } from './migrate-canary.js';
import { reportPlan, reportResult } from './migrate-report.js';

interface MigrateFlags extends CommonFlags, CanaryFlags {
  readonly tenant?: readonly string[];
  readonly onlyFailed?: boolean;
  readonly acceptEdited?: readonly string[];
  readonly workers?: number;
  readonly batch?: number;
  readonly maxFailures?: number;
  readonly lockTimeout?: number;
  readonly lockPatience?: number;
  readonly wait?: number | false;
  readonly dryRun?: boolean;
}

/** Adds `tenancy migrate`. */
export function addMigrate(program: Command, end: (code: number) => void): Command {
  const command = program
    .command('migrate')
    .summary('bring the database up to date, or the schema or database of each tenant')
    .description('Brings the database up to date, or the schema or database of each tenant.')
    .option('--tenant <id>', 'this tenant alone, also where it failed before (again for more)', repeated)
    .option('--only-failed', 'those alone that failed before')
    .option('--accept-edited <name>', 'this migration was changed, and does what it did (again for more)', repeated)
    .option('--workers <n>', 'connections at work at once', numberFrom(1, 1_000))
    .option('--batch <n>', 'schemas in one transaction', numberFrom(1, 10))
    .option('--canary <id>', 'this tenant before all others (again for more)', repeated)
    .option('--canary-first <n>', 'so many tenants before all others', numberFrom(1, 1_000_000))
    .option('--pause <seconds>', 'time between the canaries and the others', seconds)
    .option('--confirm', 'ask before the others are begun')
    .option('--yes', 'answer yes to that, where there is nobody to ask')
    .option('--max-failures <share>', 'share of failed targets that ends the run, as 0.05 or 5%', share)
    .option(
      '--lock-timeout <ms>',
      'time that a statement waits for a lock before it makes way',
      numberFrom(1, 2 ** 31 - 1),
    )
    .option('--lock-patience <seconds>', 'time after which a target is given up that gets no lock', seconds)
    .option('--wait <seconds>', 'time to wait for another run on the same database', seconds)
    .option('--no-wait', 'fail at once where another run is at work')
    .option('--dry-run', 'print the SQL, and send nothing');
  return addCommonOptions(command).action(doing(migrateNow, end));
}

async function migrateNow(config: TenancyConfig, flags: MigrateFlags, output: Output): Promise<number> {
  const { migrate, isMigrationError } = await import('@tenancy/postgres/migrations');
  let display: Display | null = null;
  const canary = canaryOf(config, flags, () => display?.pause());
  display = displayFor(output);
  const interruption = new Interruption(() =>
    display?.say('The run ends when the work under way is done. Once more ends it at once.'),
  );
  const { isMany, ...options } = optionsOf(config, flags);
  let result: MigrateResult | undefined;
  let failure: unknown;
  try {
    result = await migrate({
      ...options,
      ...(canary === undefined ? {} : { canary }),
      onProgress: (event) => display?.show(event),
      signal: interruption.signal,
    });
  } catch (error) {
    // What failed in some of many is a result.
    if (isMigrationError(error, 'targets_failed')) result = error.result;
    failure = error;
  } finally {
    interruption.close();
    display.close();
  }
  if (!result) return reportError(failure, output);
  if (options.dryRun) reportPlan(result, output);
  reportResult(result, { isMany, isDryRun: options.dryRun === true }, output);
  if (failure !== undefined) return reportError(shortened(failure, result), output);
  if (result.stopped === null) return EXIT.done;
  return reportError(new CliError('interrupted', `the run ended early, ${result.stopped}. Run it again.`), output);
}

function optionsOf(config: TenancyConfig, flags: MigrateFlags): MigrateOptions & { readonly isMany: boolean } {
  const { tenant, onlyFailed, acceptEdited, workers, batch, maxFailures, lockTimeout, lockPatience, wait, dryRun } =
    flags;
  const given = {
    tenants: tenant,
    onlyFailed,
    acceptEdited,
    workers,
    batch,
    maxFailures,
    lockTimeoutMillis: lockTimeout,
    lockPatienceMillis: millis(lockPatience),
    busyTimeoutMillis: wait === false ? 0 : millis(wait),
    dryRun,
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  // Parts of the configuration for other commands; `tenants` of `migrate` are ids.
  const { lint: _lint, doctor: _doctor, tenants: _tenants, ...own } = config;
  return { ...own, ...Object.fromEntries(set), isMany: config.targets !== undefined };
}

function millis(inSeconds: number | undefined): number | undefined {
  return inSeconds === undefined ? undefined : Math.round(inSeconds * 1_000);
}

/** The targets that failed stand in the result, so the error need not say them again. */
function shortened(error: unknown, { failed, quarantined, stopped }: MigrateResult): unknown {
  if (!(error instanceof Error)) return error;
  const ended = stopped === null ? '' : ` The run ended early, ${stopped}.`;
  error.message =
    `targets_failed: ${failed.length} failed, ${quarantined.length} were set aside because they had failed before.${ended} ` +
    'Correct the migration and run again, or see to the tenants and run with --only-failed.';
  return error;
}
