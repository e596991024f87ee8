export { formatFindings, type LintFormat } from './lint/format/format-findings.js';
export { lintMigrations } from './lint/lint-migrations.js';
export type { LintFinding, LintSeverity } from './lint/rule/finding.js';
export type { LintFile, LintLevel, LintOptions } from './lint/rule/lint-options.js';
