import type { DoctorFormat } from '@tenancy/postgres/doctor';
import { type Command, Option } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/exit-code.js';
import type { Output } from '../output/output.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';

interface DoctorFlags extends CommonFlags {
  readonly for?: 'citus';
  readonly format?: Exclude<DoctorFormat, 'json'>;
  readonly failOn?: 'advice' | 'error';
}

/** Adds `tenancy doctor`. */
export function addDoctor(program: Command, end: (code: number) => void): void {
  const command = program
    .command('doctor')
    .summary('examine a live database, and say what to paste')
    .description(
      'Examines a live database: what does not hold tenants apart, what makes it slow or fails later. It writes nothing.',
    )
    .addOption(
      new Option('--for <cluster>', 'say also what keeps it from being distributed by tenant').choices(['citus']),
    )
    .addOption(new Option('--format <form>', 'the form of the findings').choices(['text', 'github']))
    .addOption(
      new Option('--fail-on <severity>', 'the least that ends in 1 (default: error)').choices(['advice', 'error']),
    );
  addCommonOptions(command, { hasDirectory: false }).action(doing(examine, end, ['connection']));
}

async function examine(config: TenancyConfig, flags: DoctorFlags, output: Output): Promise<number> {
  if (output.isJson && flags.format !== undefined) {
    throw new CliError('wrong_use', '--json and --format both say how findings are written. Leave one of them out.');
  }
  const { connection, policies, doctor: own = {} } = config;
  if (connection === undefined || policies === undefined) {
    throw new CliError(
      'config_wrong',
      'it is unknown which role is to be examined: the configuration has no `policies`. Write `policies: { role: … }`, as for `tenancy migrate`.',
    );
  }
  const { diagnose, formatReport } = await import('@tenancy/postgres/doctor');
  const { role, setting, schemas, tenantColumn, tables, shared, hidden } = policies;
  const application = process.env['TENANCY_APP_DATABASE_URL'] || undefined;
  const given = { setting, schemas, tenantColumn, tables, shared, hidden, application, for: flags.for };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const report = await diagnose({ connection, role, ...own, ...Object.fromEntries(set) });
  if (!output.isJson) output.raw(formatReport(report, flags.format ?? 'text'));
  for (const finding of report.findings) output.object({ type: 'finding', ...finding });
  for (const share of report.shares) output.object({ type: 'share', ...share });
  const count = (severity: string) => report.findings.filter((finding) => finding.severity === severity).length;
  output.object({ type: 'doctor', error: count('error'), advice: count('advice'), distribution: report.distribution });
  const isIll = count('error') > 0 || (flags.failOn === 'advice' && report.findings.length > 0);
  return isIll ? EXIT.failed : EXIT.done;
}
