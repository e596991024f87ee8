import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LintFile, LintFinding, LintFormat, LintOptions, LintSeverity } from '@tenancy/postgres/lint';
import { type Command, Option } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/exit-code.js';
import type { Output } from '../output/output.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';

interface LintFlags extends CommonFlags {
  readonly since?: string;
  readonly format?: Exclude<LintFormat, 'json'>;
  readonly failOn?: LintSeverity;
}

const SEVERITIES: readonly LintSeverity[] = ['advice', 'warning', 'error'];

/** Adds `tenancy lint`. */
export function addLint(program: Command, end: (code: number) => void): void {
  const command = program
    .command('lint')
    .summary('say what migrations would lock, break or leave open')
    .description(
      'Says what migrations would lock, break or leave open, and what to write instead. It needs no database.',
    )
    .option('--since <migration>', 'the first migration whose findings are wanted')
    .addOption(new Option('--format <form>', 'the form of the findings').choices(['text', 'github', 'sarif']))
    .addOption(
      new Option('--fail-on <severity>', 'the least that ends in 1 (default: error)').choices([...SEVERITIES]),
    );
  addCommonOptions(command).action(doing(lint, end, ['migrations']));
}

async function lint(config: TenancyConfig, flags: LintFlags, output: Output): Promise<number> {
  if (output.isJson && flags.format !== undefined) {
    throw new CliError('wrong_use', '--json and --format both say how findings are written. Leave one of them out.');
  }
  const { formatFindings, lintMigrations } = await import('@tenancy/postgres/lint');
  const files = await filesOf(config);
  const findings = await lintMigrations(files, { ...optionsOf(config), ...sinceOf(files, flags) });
  if (!output.isJson) output.raw(formatFindings(findings, flags.format ?? 'text'));
  for (const finding of findings) output.object({ type: 'finding', ...finding });
  const count = (severity: LintSeverity) => findings.filter((finding) => finding.severity === severity).length;
  output.object({
    type: 'lint',
    files: files.length,
    error: count('error'),
    warning: count('warning'),
    advice: count('advice'),
  });
  return findings.some((finding) => isGrave(finding, flags.failOn ?? 'error')) ? EXIT.failed : EXIT.done;
}

function isGrave({ severity }: LintFinding, least: LintSeverity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

/** The migrations that are SQL, by the paths that a pull request shows. */
async function filesOf({
  directory,
  migrations,
}: TenancyConfig): Promise<readonly (LintFile & { migration: string })[]> {
  const { sqlFiles } = await import('@tenancy/postgres/migrations');
  const folder = directory instanceof URL ? fileURLToPath(directory) : directory;
  const source = migrations ?? sqlFiles(folder as string);
  return (await source.read()).flatMap((migration) =>
    'sql' in migration ? [{ name: pathOf(folder, migration.name), migration: migration.name, sql: migration.sql }] : [],
  );
}

function pathOf(folder: string | undefined, name: string): string {
  if (folder === undefined) return name;
  const inFolder = join(folder, name, 'migration.sql');
  return relative(process.cwd(), existsSync(inFolder) ? inFolder : join(folder, name));
}

/** Options that the rest of the configuration says already go behind those of `lint`. */
function optionsOf({ lint: own = {}, targets, policies }: TenancyConfig): LintOptions {
  const { tenantColumn, shared, hidden } = policies ?? {};
  return {
    strategy: targets?.kind ?? 'rows',
    ...(tenantColumn === undefined ? {} : { tenantColumn }),
    ...(shared === undefined ? {} : { shared: namesOf(shared) }),
    ...(hidden === undefined ? {} : { hidden: namesOf(hidden) }),
    ...own,
  };
}

function namesOf(tables: readonly (string | { readonly name: string; readonly schema?: string })[]): readonly string[] {
  return tables.map((table) =>
    typeof table === 'string' ? table : table.schema === undefined ? table.name : `${table.schema}.${table.name}`,
  );
}

function sinceOf(
  files: readonly (LintFile & { migration: string })[],
  { since }: LintFlags,
): Pick<LintOptions, 'since'> {
  if (since === undefined) return {};
  const file = files.find(({ name, migration }) => [name, migration].includes(since));
  if (file) return { since: file.name };
  throw new CliError(
    'wrong_use',
    `--since names ${JSON.stringify(since)}, and there is no such migration. Correct the name.`,
  );
}
