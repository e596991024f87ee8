/**
 * The source of a regular expression for white space, and comments in which nothing is hidden: no database runs a part of one, or takes
 * another for its end.
 */
export const SQL_BLANK = /(?:[ \t\r\n]|--[ \t][ -~\t]*(?:\r?\n|$)|--(?:\r?\n|$)|\/\*[\w .,:;=%'"@-]*\*\/)/.source;

const NUMBER = /\d{1,15}(?:\.\d{1,15})?/.source;
/** Types that are words of PostgreSQL's language, so that nothing of the application's own has their names. */
const TYPE = /(?:int|integer|smallint|bigint|real|float|double precision|decimal|numeric|boolean|varchar|timestamp)/
  .source;
const ITEM = `(?:-${NUMBER}|(?:${NUMBER}|'[\\w .:-]{0,100}'|true|false|null)(?:::${TYPE}(?![\\w$.(\\[]))?)`;
const ALIAS = `(?:${SQL_BLANK}+as${SQL_BLANK}+(?:[a-z_]\\w{0,62}|"\\w{1,63}"|\`\\w{1,63}\`))?`;
const CONSTANT = new RegExp(
  `^${SQL_BLANK}*select${SQL_BLANK}+${ITEM}${ALIAS}(?:${SQL_BLANK}*,${SQL_BLANK}*${ITEM}${ALIAS})*${SQL_BLANK}*;?${SQL_BLANK}*$`,
  'i',
);

/** Matches `from dual`, where that is a word of the language. Elsewhere it is a table's name like any other. */
const DUAL = /[ \t\r\n]+from[ \t\r\n]+dual[ \t\r\n]*;?[ \t\r\n]*$/i;

/** In UTF-16 units. What is longer is no health check, and costs time. */
const LONGEST = 500;

/**
 * True for a `SELECT` of constants alone, as health checks send it: an adapter lets it through without a tenant (F16). No name but an
 * alias or a type of the language is in it, no operator or call, each of which may do more than it seems to: it reads nothing.
 *
 * @param hasDual - true where `FROM DUAL` reads no table of the application's, as on MySQL and Oracle
 * @example
 * ```ts
 * import { isConstant } from '@tenancy/core/adapter';
 *
 * const harmless = ['select 1', 'select 1 from job'].filter((sql) => isConstant(sql)); // ['select 1']
 * ```
 */
export function isConstant(sql: string, hasDual = false): boolean {
  if (sql.length >= LONGEST) return false;
  return CONSTANT.test(hasDual ? sql.replace(DUAL, '') : sql);
}
