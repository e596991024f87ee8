import type { LintFinding } from '../rule/finding.js';

const LEVELS = { error: 'error', warning: 'warning', advice: 'note' } as const;

/** Findings as SARIF 2.1.0. */
export function asSarif(findings: readonly LintFinding[]): string {
  const rules = [...new Set(findings.map(({ rule }) => rule))].map((id) => ({ id }));
  const results = findings.map(({ rule, severity, file, line, column, message, fix }) => ({
    ruleId: rule,
    level: LEVELS[severity],
    message: { text: `${message}\nWrite instead:\n${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file.replaceAll('\\', '/') },
          region: { startLine: line, ...(column !== undefined && { startColumn: column }) },
        },
      },
    ],
  }));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'tenancy lint', rules } }, results }],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}
