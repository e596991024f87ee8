/** The weight of a finding: one that must not be merged, one to be looked at, one to think about. */
export type LintSeverity = 'error' | 'warning' | 'advice';

/** Something that a migration does and should do otherwise. */
export interface LintFinding {
  /** The rule that found it. */
  readonly rule: string;
  readonly severity: LintSeverity;
  /** The name of the file, as it was given. */
  readonly file: string;
  /** The line, from 1. */
  readonly line: number;
  /** The column in that line, from 1. */
  readonly column?: number;
  /** The statement on one line, shortened. */
  readonly statement: string;
  /** The effect, and its cause. */
  readonly message: string;
  /** The safe form to write instead: SQL that can be pasted, where there is one. */
  readonly fix: string;
}
