import { isOutsideTransactions } from '../parser/outside-transactions.js';
import { charactersOf, linesOf, type ParsedStatement, parseSql, SqlSyntaxError } from '../parser/parse-sql.js';
import { ignoreCommentsBefore } from './ignore-comments.js';
import { resolveLintOptions } from './resolve-options.js';
import type { LintFinding } from './rule/finding.js';
import { hasIndexOf } from './rule/keys.js';
import type { LintFile, LintOptions, ResolvedLintOptions } from './rule/lint-options.js';
import type { FileEnd, LintedFile, LintRule, Place, Report } from './rule/rule.js';
import { lintRules } from './rules.js';
import { apply } from './schema/apply.js';
import { Schema } from './schema/schema.js';
import { inTheirPath } from './schema/search-path.js';
import { type Prepared, placeIn, type Step, stepsOf } from './schema/step.js';
import { emptyTable, type Table } from './schema/table.js';
import { partFrom, shortened } from './sql/part.js';

/**
 * Reads migrations with PostgreSQL's own parser and says what would rewrite or scan a table under a lock, break code that still runs, or
 * leave a tenant's rows open; each time with the safe form to write instead.
 *
 * The files are read in the order in which they are given, and nothing is sent anywhere: what a file does to a table that it makes itself
 * is no finding, since nobody uses that table yet. A comment `-- tenancy-lint-ignore rule-name: reason` before a statement silences a
 * rule there. A file that cannot be read is a finding of the rule `syntax`.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown, and where `libpg-query` is not installed.
 *
 * @example
 * ```ts
 * import { formatFindings, lintMigrations } from '@tenancy/postgres/lint';
 *
 * const findings = await lintMigrations([{ name: '0002_place.sql', sql: 'alter table job add place text not null' }]);
 * console.log(formatFindings(findings, 'text'));
 * ```
 */
export async function lintMigrations(
  files: readonly LintFile[],
  options: LintOptions = {},
): Promise<readonly LintFinding[]> {
  const resolved = resolveLintOptions(files, options);
  const rules = lintRules.filter(({ name }) => resolved.severities.has(name));
  const schema = new Schema();
  const first = resolved.since === undefined ? 0 : files.findIndex(({ name }) => name === resolved.since);
  const findings: LintFinding[] = [];
  for (const [number, file] of files.entries()) {
    const found = await lintFile(file, number, schema, number < first ? [] : rules, resolved);
    if (number >= first) findings.push(...found.filter((finding) => isWanted(finding, resolved)));
  }
  return findings;
}

function isWanted({ file, line }: LintFinding, { lines }: ResolvedLintOptions): boolean {
  return lines === undefined || (lines[file]?.some(([from, to]) => line >= from && line <= to) ?? false);
}

async function lintFile(
  { name, sql: text }: LintFile,
  number: number,
  schema: Schema,
  rules: readonly LintRule[],
  options: ResolvedLintOptions,
): Promise<readonly LintFinding[]> {
  // As the runner reads it: a byte order mark is no character of it.
  const sql = text.replace(/^\uFEFF/, '');
  const parsed = await parseSql(sql).catch((error: unknown) => {
    if (error instanceof SqlSyntaxError) return error;
    throw error;
  });
  if (parsed instanceof SqlSyntaxError) return [unreadable(name, sql, parsed)];
  const written = options.strategy === 'rows' ? inTheirPath(parsed, schema) : parsed;
  const file: LintedFile = { name, number, sql, steps: stepsOfFile(written, number, options) };
  const writer = new FindingWriter(file, written, options);
  const isLive = (table: Table) => table.made.file !== number && !table.isTemporary;
  const before = new Map(
    [...schema.tables].map(([key, table]) => [
      key,
      { indexes: new Set(table.indexes.keys()), isLed: hasIndexOf(table, options.tenantColumn) },
    ]),
  );
  for (const step of file.steps) {
    const place: Place = {
      step,
      tree: step.tree,
      schema,
      options,
      file,
      table: step.relation ? schema.table(step.relation) : NO_TABLE,
      isLive,
      partFrom: (location, before) => writer.partFrom(location, before),
    };
    for (const rule of rules) {
      for (const report of rule.steps?.[step.kind]?.(place) ?? [])
        writer.add(rule, step.statement, { ...report, at: report.at ?? placeIn(step) });
    }
    apply(schema, step);
  }
  const end: FileEnd = { file, schema, options, before };
  for (const rule of rules) for (const report of rule.end?.(end) ?? []) writer.add(rule, report.statement, report);
  return writer.findings();
}

const NO_TABLE = emptyTable({ name: '' }, { file: -1, transaction: 0 }, { isKnown: false, isComplete: false });

/** The steps of a file. What cannot be in a transaction ends one and begins another. */
function stepsOfFile(
  parsed: readonly ParsedStatement[],
  file: number,
  { runner }: ResolvedLintOptions,
): readonly Step[] {
  let transaction = 0;
  const prepared: Prepared = new Map();
  return parsed.flatMap((statement) => {
    const isOutside = isOutsideTransactions(statement);
    if (isOutside) transaction += 1;
    const steps = stepsOf(statement, { file, transaction, statement }, prepared);
    if (isOutside || (runner === 'tenancy' && addsValue(statement))) transaction += 1;
    return steps;
  });
}

/** Behind a new value of an enum `tenancy migrate` commits, since PostgreSQL takes it only in a later transaction. */
function addsValue({ kind, tree }: ParsedStatement): boolean {
  return kind === 'AlterEnumStmt' && tree['newVal'] !== undefined && tree['oldVal'] === undefined;
}

function unreadable(file: string, sql: string, { message, line }: SqlSyntaxError): LintFinding {
  return {
    rule: 'syntax',
    severity: 'error',
    file,
    line,
    statement: shortened(sql.split('\n')[line - 1] ?? ''),
    message: `PostgreSQL cannot read this: ${message}.`,
    fix: '-- correct it; commands of psql (\\connect, \\i) and placeholders are no SQL',
  };
}

/** Turns reports into findings, but those that a comment silences. */
class FindingWriter {
  readonly #file: LintedFile;
  readonly #options: ResolvedLintOptions;
  readonly #characters: (bytes: number) => number;
  readonly #lines: (place: number) => number;
  readonly #silenced = new Map<ParsedStatement, ReadonlySet<string>>();
  readonly #found: (LintFinding & { readonly start: number })[] = [];

  constructor(file: LintedFile, statements: readonly ParsedStatement[], options: ResolvedLintOptions) {
    this.#file = file;
    this.#options = options;
    this.#characters = charactersOf(file.sql);
    this.#lines = linesOf(file.sql);
    let end = 0;
    for (const statement of statements) {
      this.#readComments(statement, end);
      end = statement.start + statement.text.length;
    }
  }

  #readComments(statement: ParsedStatement, previousEnd: number): void {
    const silenced = new Set<string>();
    for (const { rules, reason, line } of ignoreCommentsBefore(this.#file.sql, statement, previousEnd)) {
      const unknown = rules.filter((rule) => !lintRules.some(({ name }) => name === rule));
      const fault =
        rules.length === 0
          ? 'the comment names no rule.'
          : unknown.length > 0
            ? `there is no rule ${unknown.join(', ')}.`
            : reason === ''
              ? 'the comment gives no reason, so it silences nothing.'
              : undefined;
      if (fault === undefined) for (const rule of rules) silenced.add(rule);
      else
        this.#found.push({
          start: previousEnd,
          rule: 'ignore-comment',
          severity: 'error',
          file: this.#file.name,
          line,
          statement: shortened(statement.text),
          message: fault,
          fix: '-- tenancy-lint-ignore rule-name: the reason',
        });
    }
    this.#silenced.set(statement, silenced);
  }

  partFrom(location: number | undefined, before?: number): string {
    if (location === undefined) return '';
    const from = this.#characters(location);
    return partFrom(this.#file.sql, from, before === undefined ? undefined : this.#characters(before));
  }

  add(rule: LintRule, statement: ParsedStatement, { message, fix, severity, at }: Report): void {
    if (this.#silenced.get(statement)?.has(rule.name)) return;
    const start = at === undefined ? statement.start : this.#characters(at);
    const set = this.#options.severities.get(rule.name) ?? rule.severity;
    this.#found.push({
      start,
      rule: rule.name,
      // What an option says holds for all findings of the rule; otherwise the finding may be milder or graver than its rule.
      severity: set === rule.severity ? (severity ?? set) : set,
      file: this.#file.name,
      line: this.#lines(start),
      column: start - (this.#file.sql.lastIndexOf('\n', start - 1) + 1) + 1,
      statement: shortened(statement.text),
      message,
      fix,
    });
  }

  findings(): readonly LintFinding[] {
    return this.#found.toSorted((one, other) => one.start - other.start).map(({ start: _, ...finding }) => finding);
  }
}
