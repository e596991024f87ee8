import { readSql, type SqlText } from './sql-text.js';
import { firstWord } from './statement-kind.js';

/** A text that PostgreSQL runs, and its statements in lower case, without comments, quotes and strings. */
export interface CarriedText extends SqlText {
  readonly statements: readonly string[];
}

/** Functions that run a text which they are given. */
export const RUNS_TEXT: ReadonlySet<string> = new Set([
  ...['query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema', 'ts_stat', 'ts_rewrite'],
  ...['crosstab', 'crosstab2', 'crosstab3', 'crosstab4', 'crosstabn', 'connectby', 'xpath_table'],
  ...['dblink', 'dblink_exec', 'dblink_open', 'dblink_send_query'],
]);

const NAMES_ONE = new RegExp(`u&"|${[...RUNS_TEXT].join('|')}`, 'i');

/** True where a text may have others in it that are run: most have none, and need not be read. */
export function mayCarry(text: string): boolean {
  return firstWord(text) === 'do' || NAMES_ONE.test(text);
}

/**
 * The text itself, and all that stands in it as a text to be run: the body of a block, what a block executes, and what a function is given that
 * runs texts. A text that is only put together when it runs is not among them.
 */
export function carriedTexts(text: string): readonly CarriedText[] {
  return carriedBy(readSql(text), 'statement');
}

function carriedBy(own: SqlText, kind: 'body' | 'statement'): readonly CarriedText[] {
  const statements = own.bare.split(kind === 'body' ? IN_A_BODY : ';').map((statement) => statement.trim());
  const hasBlock = statements.some((statement) => firstWord(statement) === 'do');
  const isRunning = (kind === 'body' && EXECUTES.test(own.bare)) || [...own.called].some((name) => RUNS_TEXT.has(name));
  // Each once, or blocks in blocks that execute would be read twice as often at each depth.
  const inside = hasBlock || isRunning ? own.strings : [];
  return [
    { ...own, statements },
    ...inside.flatMap((string) => carriedBy(readSql(string), hasBlock ? 'body' : 'statement')),
  ];
}

/** In front of a statement of PL/pgSQL. */
const IN_A_BODY = /;|\b(?:begin|then|else|loop)\b/;
const EXECUTES = /\bexecute\b/;
