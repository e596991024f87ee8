import type { DriftedTarget } from '@tenancy/postgres/migrations';
import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/exit-code.js';
import type { Output } from '../output/output.js';
import { counted } from '../output/words.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';

interface DriftFlags extends CommonFlags {
  readonly reference?: string;
}

/** Adds `tenancy migrate drift`. */
export function addMigrateDrift(migrate: Command, end: (code: number) => void): void {
  const command = migrate
    .command('drift')
    .summary("say whose schema is not like the others'")
    .description("Says whose schema is not like the others', with the difference as SQL. Exit code 1 where one is not.")
    .option('--reference <id>', 'the tenant that is right (default: one that most others are equal to)');
  addCommonOptions(command).action(doing(drift, end, ['connection']));
}

async function drift(
  { connection, targets }: TenancyConfig,
  { reference }: DriftFlags,
  output: Output,
): Promise<number> {
  if (targets === undefined) {
    throw new CliError(
      'config_wrong',
      'there are no `targets` in the configuration, and one database alone is like itself. Name the schemas or databases of tenants.',
    );
  }
  const { schemaDrift } = await import('@tenancy/postgres/migrations');
  const found = await schemaDrift({
    targets,
    ...(connection === undefined ? {} : { connection }),
    ...(reference === undefined ? {} : { reference }),
  });
  const { different, ...rest } = found;
  for (const target of different) output.object({ type: 'target', ...target });
  output.object({ type: 'drift', ...rest, different: different.length });
  const alike = found.targets - different.length;
  output.line(`${counted(found.targets, 'target')}: ${alike} like ${found.reference}, ${different.length} different`);
  for (const target of different) output.line(`\n${wordsFor(target)}`);
  return different.length === 0 ? EXIT.done : EXIT.failed;
}

function wordsFor({ tenant, missing, extra }: DriftedTarget): string {
  const signed = (sign: string, statements: readonly string[]) =>
    statements.map((statement) => statement.replaceAll(/^/gm, `${sign} `));
  return [tenant, ...signed('-', missing), ...signed('+', extra)].join('\n');
}
