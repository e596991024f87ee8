import { misconfigured } from '../../errors/misconfigured.js';
import { said } from '../../errors/require-arguments.js';
import { githubCommand } from '../../github-command.js';
import type { LintFinding, LintSeverity } from '../rule/finding.js';
import { asSarif } from './sarif.js';

/** The form of a report: for people, for programs, for pull requests on GitHub, for code scanning. */
export type LintFormat = 'text' | 'json' | 'github' | 'sarif';

/**
 * Findings as a text: `text` for people, `json` for programs, `github` as commands that GitHub Actions shows beside the lines of a pull
 * request, `sarif` as SARIF 2.1.0.
 *
 * @throws TenantFloorError `floor_misconfigured` for another format.
 *
 * @example
 * ```ts
 * import { formatFindings, lintMigrations } from '@tenancy/postgres/lint';
 *
 * const findings = await lintMigrations([{ name: '0003.sql', sql: 'drop table job' }]);
 * process.stdout.write(formatFindings(findings, process.env.GITHUB_ACTIONS ? 'github' : 'text'));
 * ```
 */
export function formatFindings(findings: readonly LintFinding[], format: LintFormat): string {
  switch (format) {
    case 'text':
      return asText(findings);
    case 'json':
      return `${JSON.stringify(findings, null, 2)}\n`;
    case 'github':
      return findings.map(asCommand).join('');
    case 'sarif':
      return asSarif(findings);
    default:
      throw misconfigured(`formatFindings: the format is ${said(format)}. Pass 'text', 'json', 'github' or 'sarif'.`);
  }
}

function asText(findings: readonly LintFinding[]): string {
  const each = findings.map(({ file, line, column, severity, rule, statement, message, fix }) => {
    const place = [file, line, ...(column === undefined ? [] : [column])].join(':');
    return `${place} ${severity} ${rule}\n  ${statement}\n  ${message}\n  Write instead:\n${fix.replaceAll(/^/gm, '    ')}\n`;
  });
  return [...each, `${summary(findings)}\n`].join('\n');
}

function summary(findings: readonly LintFinding[]): string {
  const count = (wanted: LintSeverity) => findings.filter(({ severity }) => severity === wanted).length;
  const [errors, warnings, advice] = [count('error'), count('warning'), count('advice')];
  if (findings.length === 0) return 'Nothing found.';
  return `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${advice} ${advice === 1 ? 'piece' : 'pieces'} of advice.`;
}

const COMMANDS = { error: 'error', warning: 'warning', advice: 'notice' } as const;

function asCommand({ severity, file, line, column, rule, message, fix }: LintFinding): string {
  return githubCommand({
    level: COMMANDS[severity],
    properties: { file, line, ...(column === undefined ? {} : { col: column }), title: rule },
    message: `${message}\nWrite instead:\n${fix}`,
  });
}
