import type { AdoptOptions, AdoptResult, AdoptStage } from '@tenancy/postgres/changes';
import { type Command, Option } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/exit-code.js';
import type { Output } from '../output/output.js';
import { textTable } from '../output/text-table.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { reportChange, watched } from './make-changes.js';
import { addRunOptions, connectionOf, given, type RunFlags, runOptionsOf } from './run-options.js';

interface AdoptFlags extends CommonFlags, RunFlags {
  readonly stage?: AdoptStage;
  readonly dropOldKeys?: boolean;
}

/** Adds `tenancy adopt`. */
export function addAdopt(program: Command, end: (code: number) => void): void {
  const command = program
    .command('adopt')
    .summary('make a database of one tenant one of many while it runs')
    .description(
      'Makes a database of one tenant one of many while it runs, by the tables in `adopt` of the configuration. Called again, it goes on where it was.',
    )
    .addOption(
      new Option('--stage <stage>', 'the last stage that is done; those before it are done as well').choices([
        ...['expand', 'keys', 'observe', 'enforce'],
      ]),
    )
    .option('--drop-old-keys', 'drop the unique keys without tenant, which no code names any more');
  addCommonOptions(addRunOptions(command), { hasDirectory: false }).action(doing(adoptNow, end, ['connection']));
}

async function adoptNow(config: TenancyConfig, flags: AdoptFlags, output: Output): Promise<number> {
  const { adopt } = await import('@tenancy/postgres/changes');
  const options = { ...optionsOf(config, flags), connection: connectionOf(config) };
  const result = await watched(output, (watch) => adopt({ ...options, ...watch }));
  for (const change of result.changes) reportChange(change, flags, output);
  report(result, options, flags, output);
  return EXIT.done;
}

function optionsOf({ adopt: own, policies }: TenancyConfig, flags: AdoptFlags): Omit<AdoptOptions, 'connection'> {
  if (own === undefined) {
    throw new CliError(
      'config_wrong',
      'it is unknown which rows are whose: the configuration has no `adopt`. Write `adopt: { tables: [{ name, value }, { name, through }] }`.',
    );
  }
  if (typeof own !== 'object' || own === null || Array.isArray(own)) {
    throw new CliError('config_wrong', '`adopt` of the configuration is no object. Write `adopt: { tables: [ … ] }`.');
  }
  const until = flags.stage ?? own.until;
  if (until === undefined) {
    throw new CliError(
      'wrong_use',
      'it is unknown how far to go. Say --stage expand, the first one; then keys, observe and enforce, each when the application is ready for it.',
    );
  }
  return {
    ...(policies ? { policies: policiesOf(policies) } : {}),
    ...own,
    until,
    ...runOptionsOf(flags),
    ...given({ dropOldKeys: flags.dropOldKeys }),
  };
}

/** Those of the migrations, whose tables may be names alone. */
function policiesOf(policies: NonNullable<TenancyConfig['policies']>): NonNullable<AdoptOptions['policies']> {
  const { role, adminRole, setting, shared, hidden, database } = policies;
  const named = <T extends object>(one: string | T) => (typeof one === 'string' ? { name: one } : one);
  return {
    role,
    ...given({ adminRole, setting, database }),
    ...(shared === undefined ? {} : { shared: shared.map(named) }),
    ...(hidden === undefined ? {} : { hidden: hidden.map(named) }),
  };
}

/** The report of what old code meets, and of rows that the policies would hide. */
function report(
  { changes, oldKeys, observed, findings, triggers }: AdoptResult,
  { until }: Pick<AdoptOptions, 'until'>,
  { dryRun }: RunFlags,
  output: Output,
): void {
  for (const key of oldKeys) output.object({ type: 'old key', ...key });
  for (const one of observed) output.object({ type: 'observed', ...one });
  for (const trigger of triggers) output.object({ type: 'trigger', ...trigger });
  for (const finding of findings) output.object({ type: 'finding', ...finding });
  const steps = changes.reduce((sum, { done }) => sum + done.length, 0);
  output.object({ type: 'adopted', until, changes: changes.length, steps, dryRun: dryRun === true });
  // The output of a dry run is SQL.
  const line = (text: string) => (dryRun ? output.note(text) : output.line(text));
  if (oldKeys.length > 0) line('\nWhat old code meets:');
  for (const { message } of oldKeys) line(`  ${message}`);
  if (observed.length > 0) {
    const rows = observed.map(({ table, withoutTenant, otherTenant }) => [
      `${table.schema}.${table.name}`,
      String(withoutTenant),
      String(otherTenant),
    ]);
    line(`\nRows that policies hide:\n${textTable(['table', 'without a tenant', "another tenant's"], rows)}`);
  }
  if (triggers.length > 0) line('\nTriggers for old code:');
  for (const { message } of triggers) line(`  ${message}`);
  if (findings.length > 0) line('\nWays round the policies:');
  for (const { rule, severity, subject, message, fix } of findings) {
    line(`  ${severity} ${rule}: ${subject}: ${message}\n    Fix: ${fix}`);
  }
  line(dryRun ? '\nNothing was sent.' : `\nThe stage ${until} is done.`);
}
