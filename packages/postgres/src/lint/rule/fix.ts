import { quoted } from '../sql/names.js';

/** Statements of one migration, and after a comment those of the next. */
export function inTwoMigrations(first: readonly string[], second: readonly string[]): string {
  return [...first, NEXT, ...second].map(ended).join('\n');
}

/** Statements, each on a line and with its semicolon. */
export function statements(...all: readonly string[]): string {
  return all.map(ended).join('\n');
}

/** A name for an index: the runner finds one that was made CONCURRENTLY by it again. */
export function indexName(table: string, columns: readonly string[]): string {
  return quoted([table, ...columns, 'idx'].join('_').slice(0, 63));
}

/** The line between two migrations. */
export const NEXT = '-- in the next migration:';

function ended(statement: string): string {
  return statement.startsWith('--') || statement.endsWith(';') ? statement : `${statement};`;
}

/** The advice for a step that cannot be left out, once nothing needs what it takes away. */
export function onceUnused(rule: string, what: string): string {
  return `-- first release code that no longer uses ${what}; once none of the old code runs, silence this here:\n-- tenancy-lint-ignore ${rule}: the release that stopped using ${what} runs everywhere`;
}
