import type { ParsedStatement, SyntaxTree } from '../../parser/parse-sql.js';
import type { Schema } from '../schema/schema.js';
import type { Step } from '../schema/step.js';
import type { Table } from '../schema/table.js';
import type { LintSeverity } from './finding.js';
import type { ResolvedLintOptions } from './lint-options.js';

/** The concern of a rule. */
export type LintGroup = 'locks' | 'old-code' | 'transactions' | 'tenants' | 'targets' | 'style';

/** A rule of the linter. */
export interface LintRule {
  readonly name: string;
  readonly group: LintGroup;
  /** The severity of its findings, where no option sets another one. */
  readonly severity: LintSeverity;
  /** False for a rule that is off until an option switches it on. */
  readonly isOn?: boolean;
  /** One sentence about what it finds. */
  readonly finds: string;
  /** One sentence about why that is a problem. */
  readonly why: string;
  /** The safe form, in a few words. */
  readonly safe: string;
  /** Called for each step of its kind, with the schema as it is before the step. */
  readonly steps?: Readonly<Record<string, (place: Place) => Iterable<Report>>>;
  /** Called once at the end of each file, with the schema as it is then. */
  readonly end?: (file: FileEnd) => Iterable<Report & { readonly statement: ParsedStatement }>;
}

/** A finding as a rule reports it. */
export interface Report {
  readonly message: string;
  readonly fix: string;
  readonly severity?: LintSeverity;
  /** The place in the text, in bytes. @defaultValue that of the step */
  readonly at?: number | undefined;
}

/** A step in its surroundings. */
export interface Place {
  readonly step: Step;
  readonly tree: SyntaxTree;
  readonly schema: Schema;
  readonly options: ResolvedLintOptions;
  readonly file: LintedFile;
  /** The table that the step is about, as it is before the step. */
  readonly table: Table;
  /** True for a table that others may read and write now, so that locks and scans count: made by an earlier file, or by none. */
  readonly isLive: (table: Table) => boolean;
  /** The text from a place in bytes up to the end of its element in a list, or up to another place. */
  readonly partFrom: (location: number | undefined, before?: number) => string;
}

/** A file that is read. */
export interface LintedFile {
  readonly name: string;
  readonly number: number;
  readonly sql: string;
  readonly steps: readonly Step[];
}

/** The end of a file. */
export interface FileEnd {
  readonly file: LintedFile;
  readonly schema: Schema;
  readonly options: ResolvedLintOptions;
  /** The tables as they were before the file, as far as the rules ask. */
  readonly before: ReadonlyMap<string, TableBefore>;
}

/** A table as it was before a file. */
export interface TableBefore {
  readonly indexes: ReadonlySet<string>;
  /** True where an index began with the tenant. */
  readonly isLed: boolean;
}
