/** White space, and comments in which nothing is hidden: no database runs a part of one, or takes another for its end. */
export const BLANK = /(?:[ \t\r\n]|--[ \t][ -~\t]*(?:\r?\n|$)|--(?:\r?\n|$)|\/\*[\w .,:;=%'"@-]*\*\/)/.source;
const NUMBER = /\d{1,15}(?:\.\d{1,15})?/.source;
/** Types that are words of PostgreSQL's language, so that nothing of the application's own has their names. */
const TYPE = /(?:int|integer|smallint|bigint|real|float|double precision|decimal|numeric|boolean|varchar|timestamp)/
  .source;
const ITEM = `(?:-${NUMBER}|(?:${NUMBER}|'[\\w .:-]{0,100}'|true|false|null)(?:::${TYPE}(?![\\w$.(\\[]))?)`;
const ALIAS = `(?:${BLANK}+as${BLANK}+(?:[a-z_]\\w{0,62}|"\\w{1,63}"|\`\\w{1,63}\`))?`;
const CONSTANT = new RegExp(
  `^${BLANK}*select${BLANK}+${ITEM}${ALIAS}(?:${BLANK}*,${BLANK}*${ITEM}${ALIAS})*${BLANK}*;?${BLANK}*$`,
  'i',
);

/**
 * A `SELECT` of constants alone, as health checks send it. No name but an alias or a type of the language is in it, no operator or call,
 * each of which may do more than it seems to: it reads nothing.
 */
export function isConstant(sql: string): boolean {
  return sql.length < LONGEST && CONSTANT.test(sql);
}

export const LONGEST = 500;
