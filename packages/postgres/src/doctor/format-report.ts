import { misconfigured } from '../errors/misconfigured.js';
import { said } from '../errors/require-arguments.js';
import { githubCommand } from '../github-command.js';
import type { DoctorFinding, DoctorReport } from './diagnose.js';
import type { Severity } from './diagnosis/rule.js';

/** Tenants that a report for people names. */
const SHOWN = 5;

/** The form of a report: for people, for programs, for the log of a workflow on GitHub. */
export type DoctorFormat = 'text' | 'json' | 'github';

/**
 * A report as a text. What a fix says can be pasted as it stands.
 *
 * @throws TenantFloorError `floor_misconfigured` for another format.
 */
export function formatReport(report: DoctorReport, format: DoctorFormat): string {
  switch (format) {
    case 'text':
      return asText(report);
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
    case 'github':
      return report.findings.map(asCommand).join('');
    default:
      throw misconfigured(`formatReport: the format is ${said(format)}. Pass 'text', 'json' or 'github'.`);
  }
}

function asText({ findings, shares, distribution }: DoctorReport): string {
  const each = findings.map(
    ({ rule, severity, subject, message, fix }) =>
      `${severity} ${rule}: ${subject}\n  ${message}\n${statement(fix).replaceAll(/^/gm, '    ')}\n`,
  );
  const largest = shares
    .slice(0, SHOWN)
    .map(
      ({ table, tenant, share, rows }) => `  ${table}  ${tenant}  ${(share * 100).toFixed(1)} %  about ${rows} rows\n`,
    );
  return [
    ...each,
    ...(largest.length > 0 ? [`Largest tenants, as statistics estimate them:\n${largest.join('')}`] : []),
    ...(distribution === null
      ? []
      : [`To distribute it, when no error is left:\n${distribution.replaceAll(/^(?=.)/gm, '    ')}`]),
    `${summary(findings)}\n`,
  ].join('\n');
}

/** A fix as a statement that ends, so that two can be pasted one after the other. */
function statement(fix: string): string {
  return isSql(fix) && !fix.trimEnd().endsWith(';') ? `${fix};` : fix;
}

/** True for SQL, and false for a step in words. */
function isSql(fix: string): boolean {
  return /^(alter|create|drop|revoke|grant|comment|vacuum|analyze|reindex|select|update|set|do)\b/i.test(fix);
}

function summary(findings: readonly DoctorFinding[]): string {
  const count = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length;
  const [errors, advice] = [count('error'), count('advice')];
  if (findings.length === 0) return 'Nothing found.';
  return `${errors} ${errors === 1 ? 'error' : 'errors'}, ${advice} ${advice === 1 ? 'piece' : 'pieces'} of advice.`;
}

function asCommand({ rule, severity, subject, message, fix }: DoctorFinding): string {
  return githubCommand({
    level: severity === 'error' ? 'error' : 'notice',
    properties: { title: rule },
    message: `${subject}: ${message}\n${fix}`,
  });
}
