import { type CallableFunctions, checkCalls } from './calls.js';
import { KnownTexts } from './known-texts.js';
import { MARK, refusedSql } from './refused-sql.js';

// What is quoted hides nothing; what stands outside quotes is looked at.
const TOKENS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\/\*[0-9a-f-]{36}\*\/|\/\*[^*]*(?:\*(?!\/)[^*]*)*\*\/|\/\*|--|[;'"`\\]|\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|\b(?:select|table|insert|update|delete|merge|truncate|copy)\b/gi;
/** The table that TypeORM selects from where a database must select from something. */
const DUMMY_TABLE = 'SELECT 1 AS dummy_column)';
const STATEMENT = /^[a-z_]+$/i;
/** The words before an `update` that is part of a clause: FOR UPDATE, FOR NO KEY UPDATE, ON DUPLICATE KEY UPDATE, DO UPDATE. */
const CLAUSE_BEFORE_UPDATE = /\b(?:for|key|do)\s+$/i;

/** The particulars of a database and an application. One object for each data source. */
export interface StatementRules {
  readonly functions: CallableFunctions;
  /** True when a `#` may begin a comment. */
  readonly hasHashComments: boolean;
  /** True when `IN` takes a table by its name. */
  readonly hasTablesBehindIn: boolean;
}

/**
 * T7: every statement within `sql` must be one that a scoped builder generated. A sub-query that was written by hand reads
 * every tenant's rows.
 *
 * @returns the SQL as it is sent.
 * @throws `scope_refused`
 */
export function checkedStatement(sql: string, rules: StatementRules): string {
  const known = statements.get(rules) ?? new KnownTexts((text) => checkStatement(text, rules));
  statements.set(rules, known);
  known.ofAnyNumbers(sql);
  return sql.replaceAll(MARK, '');
}

const statements = new WeakMap<StatementRules, KnownTexts<true>>();

function checkStatement(sql: string, { functions, hasHashComments, hasTablesBehindIn }: StatementRules): true {
  for (const { 0: token, index } of sql.matchAll(TOKENS)) {
    if (token.startsWith('/*') && token.endsWith('*/') && token.length > 3) {
      // MySQL runs what stands in such comments, and PostgreSQL's may contain others.
      if (/^\/\*M?!/i.test(token) || token.includes('/*', 2)) throw refusedSql('its text has a comment that hides SQL');
      continue;
    }
    if (isQuoted(token)) continue;
    if (STATEMENT.test(token)) {
      const before = sql.slice(Math.max(0, index - 60), index);
      if (before.endsWith(MARK) || sql.startsWith(DUMMY_TABLE, index)) continue;
      if (/^update$/i.test(token) && CLAUSE_BEFORE_UPDATE.test(before)) continue;
      // No statement has a bracket there: it is a function, and looked at as such.
      if (/^(?:insert|truncate)$/i.test(token) && /^\s*\(/.test(sql.slice(index + token.length))) continue;
      throw refusedSql(`it contains ${token.toUpperCase()} that no query builder generated`);
    }
    throw refusedSql(`its text has ${JSON.stringify(token)} outside quotes`);
  }
  checkCalls(sql, functions);
  if (hasHashComments) checkWithoutHash(sql);
  if (hasTablesBehindIn) checkLists(sql);
  return true;
}

/** A text behind an escaped quote would be looked at by nobody, where a database reads backslashes. */
function isQuoted(token: string): boolean {
  if (token.length < 2 || !/^['"`]/.test(token)) return false;
  if (/\\['"]/.test(token)) throw refusedSql('its text has a quote behind a backslash');
  return true;
}

const BRACKETS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|[()]|['"`]|--|\/\*(?![0-9a-f-]{36}\*\/)/g;

/** T7: a condition must end where it seems to, or what is put around it holds nothing. */
export function checkClosed(condition: string): void {
  conditions.ofAnyNumbers(condition);
}

const conditions = new KnownTexts(checkCondition);

function checkCondition(condition: string): true {
  let depth = 0;
  for (const [token] of condition.matchAll(BRACKETS)) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (!isQuoted(token)) throw refusedSql('a condition has an open quote or a comment');
    if (depth < 0) break;
  }
  if (depth !== 0) throw refusedSql('the brackets of a condition do not match');
  return true;
}

/** True when a text in brackets is one statement that a builder generated, and nothing beside it is read from. */
export function isGenerated(subQuery: string): boolean {
  return subQueries.ofAnyNumbers(subQuery);
}

const subQueries = new KnownTexts((subQuery) => {
  let text = subQuery.trim();
  if (text === `(${DUMMY_TABLE}`) return true;
  if (!text.startsWith('(')) return false;
  while (text.startsWith('(')) {
    if (closingOf(text) !== text.length - 1) return false;
    text = text.slice(1, -1).trim();
  }
  return text.startsWith(MARK) || /^(?:\/\*[^*/]*\*\/\s*)?(?:WITH\b|\/\*[0-9a-f-]{36}\*\/)/i.test(text);
});

/** The index of the bracket that closes the one a text begins with, or -1. */
function closingOf(text: string): number {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(BRACKETS)) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

const TERMS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|[()[\]]|,|\bdistinct\s+from\b|\b(?:from|where|returning|on|set|values|order|limit|union|intersect|except)\b/gi;

/** T7, T15: SQL that gives a column its value must be one value, or it writes other columns, or other rows. */
export function checkExpression(expression: string): void {
  checkClosed(expression);
  let depth = 0;
  for (const [token] of expression.matchAll(TERMS)) {
    // `IS DISTINCT FROM` compares.
    if (/^(?:['"`]|distinct)/i.test(token)) continue;
    if (token === '(' || token === '[') depth += 1;
    else if (token === ')' || token === ']') depth -= 1;
    else if (depth === 0) {
      throw refusedSql(
        `it gives a column its value by SQL that contains ${token === ',' ? 'a comma' : token.toUpperCase()} outside brackets`,
      );
    }
  }
}

/** Refuses `#` outside quotes: a database that reads it as the beginning of a comment would skip the conditions behind it. */
function checkWithoutHash(sql: string): void {
  if (!sql.includes('#')) return;
  for (const [token] of sql.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|#/g)) {
    if (token === '#') throw refusedSql('its text has "#" outside quotes');
  }
}

/** SQLite reads `x IN job` as `x IN (SELECT * FROM job)`. */
function checkLists(sql: string): void {
  for (const [token] of sql.matchAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\/\*[^*]*(?:\*(?!\/)[^*]*)*\*\/|(?<![\w$])in(?![\w$])(?!\s*\()/gi,
  )) {
    if (/^in$/i.test(token)) throw refusedSql('it has IN with something else than a list in brackets');
  }
}
