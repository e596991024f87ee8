import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import type { Output } from '../output/output.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { migrationsOf, reportStatus } from './migrate-status.js';

interface VerifyFlags extends CommonFlags {
  readonly allowFailed?: boolean;
}

/** Adds `tenancy migrate verify`. */
export function addMigrateVerify(migrate: Command, end: (code: number) => void): void {
  const command = migrate
    .command('verify')
    .summary('fail where something is behind, for CI and before a start')
    .description('Fails where something is behind, for CI and before a start. It changes nothing.')
    .option('--allow-failed', 'tenants that failed and were set aside may be behind');
  addCommonOptions(command).action(doing(verify, end));
}

async function verify(config: TenancyConfig, { allowFailed }: VerifyFlags, output: Output): Promise<number> {
  const { verifyMigrations } = await import('@tenancy/postgres/migrations');
  const status = await verifyMigrations({ ...migrationsOf(config), allowFailed: allowFailed === true });
  reportStatus(status, output);
  return EXIT.done;
}
