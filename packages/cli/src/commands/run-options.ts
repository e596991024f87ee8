import type { RunOptions } from '@tenancy/postgres/changes';
import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { numberFrom, seconds, share } from './common-options.js';

/** Flags of all that changes tables in steps. */
export interface RunFlags {
  readonly dryRun?: boolean;
  readonly lockTimeout?: number;
  readonly statementTimeout?: number;
  readonly giveUpAfter?: number;
  readonly batchTime?: number;
  readonly maxShare?: number;
  readonly maxReplicationLag?: number;
}

const LONGEST = 2 ** 31 - 1;

export function addRunOptions(command: Command): Command {
  return command
    .option('--dry-run', 'print the SQL of all steps and their locks, and send nothing')
    .option('--lock-timeout <ms>', 'time that writers may wait behind a lock', numberFrom(1, LONGEST))
    .option('--statement-timeout <ms>', 'time of a statement under an exclusive lock', numberFrom(1, LONGEST))
    .option('--give-up-after <seconds>', 'time for which a step tries to get its lock', seconds)
    .option('--batch-time <ms>', 'time of a batch of rows', numberFrom(1, LONGEST))
    .option('--max-share <share>', 'share of the time that rows are filled in, as 0.5 or 50%', share)
    .option('--max-replication-lag <ms>', 'time by which a replica may be behind', numberFrom(1, LONGEST));
}

/** The flags that were given, as options of `change` and `adopt`. */
export function runOptionsOf(flags: RunFlags): Partial<RunOptions> {
  const { dryRun, lockTimeout, statementTimeout, giveUpAfter, batchTime, maxShare, maxReplicationLag } = flags;
  return given({
    ...{ dryRun, lockTimeout, statementTimeout, batchTime, maxShare, maxReplicationLag },
    giveUpAfter: giveUpAfter === undefined ? undefined : Math.max(1, Math.round(giveUpAfter * 1_000)),
  });
}

/** The properties that are there. */
export function given<T extends object>(all: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as never;
}

/** @throws CliError `config_wrong` where each tenant has a database, and none of them is meant. */
export function connectionOf({ connection }: TenancyConfig): NonNullable<TenancyConfig['connection']> {
  if (connection !== undefined) return connection;
  throw new CliError(
    'config_wrong',
    'a table of one database is changed, and the configuration has a database for each tenant. Name another configuration, whose `connection` is the one that is meant, with --config.',
  );
}
