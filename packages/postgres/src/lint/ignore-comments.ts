import type { ParsedStatement } from '../parser/parse-sql.js';

/** A comment that silences rules at the statement behind it. */
export interface IgnoreComment {
  readonly rules: readonly string[];
  readonly reason: string;
  readonly line: number;
}

const COMMENT = /--[ \t]*tenancy-lint-ignore\b[ \t]*([^\n:]*)(?::([^\n]*))?/g;

/** The comments before a statement, behind the one before it, that silence rules. */
export function ignoreCommentsBefore(
  sql: string,
  statement: ParsedStatement,
  previousEnd: number,
): readonly IgnoreComment[] {
  const gap = sql.slice(previousEnd, statement.start);
  return [...gap.matchAll(COMMENT)].map(({ index, 1: rules = '', 2: reason = '' }) => ({
    rules: rules.split(/[\s,]+/).filter((rule) => rule !== ''),
    reason: reason.trim(),
    line: sql.slice(0, previousEnd + index).split('\n').length,
  }));
}
