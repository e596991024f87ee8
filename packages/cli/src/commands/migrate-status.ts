import type { MigrationStatus, MigrationsOptions, TargetStatus } from '@tenancy/postgres/migrations';
import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import type { Output } from '../output/output.js';
import { textTable } from '../output/text-table.js';
import { counted, some } from '../output/words.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';

/** Adds `tenancy migrate status`. */
export function addMigrateStatus(migrate: Command, end: (code: number) => void): void {
  const command = migrate
    .command('status')
    .summary('say what is behind')
    .description('Says what is behind, and changes nothing. Exit code 1 where something is.');
  addCommonOptions(command).action(doing(status, end));
}

async function status(config: TenancyConfig, _: CommonFlags, output: Output): Promise<number> {
  const { migrationStatus } = await import('@tenancy/postgres/migrations');
  const found = await migrationStatus(migrationsOf(config));
  reportStatus(found, output);
  return found.behind.length === 0 ? EXIT.done : EXIT.failed;
}

/** The part of a configuration that says which migrations there are, and for what. */
export function migrationsOf({ connection, directory, migrations, targets }: TenancyConfig): MigrationsOptions {
  return {
    ...(connection === undefined ? {} : { connection }),
    ...(directory === undefined ? {} : { directory }),
    ...(migrations === undefined ? {} : { migrations }),
    ...(targets === undefined ? {} : { targets }),
  };
}

export function reportStatus({ targets, current, behind, unknown }: MigrationStatus, output: Output): void {
  for (const target of behind) output.object({ type: 'target', ...target });
  output.object({ type: 'status', targets, current, behind: behind.length, unknown });
  output.line(`${counted(targets, 'target')}: ${current} up to date, ${behind.length} behind`);
  if (behind.length > 0) output.line(`\n${textTable(['target', 'state', 'lacks', ''], behind.map(row))}`);
  if (unknown.length > 0) output.line(`\nno tenant's any more: ${some(unknown, 10)}`);
}

function row({ tenant, pending, failure, problem }: TargetStatus): readonly string[] {
  const state = problem !== null ? 'at odds' : failure !== null ? 'failed' : 'behind';
  const [firstLine = ''] = (problem ?? failure ?? '').split('\n');
  return [tenant ?? 'the database', state, some(pending, 3), firstLine];
}
