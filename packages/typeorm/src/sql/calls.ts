import { harmlessFunctions } from './harmless-functions.js';
import { MARK, refusedSql } from './refused-sql.js';

/** The functions that statements of this data source may call: names as the database has them, those of the application's own too. */
export interface CallableFunctions {
  /** In small letters: an unquoted name is one to the database, however it is written. */
  readonly unquoted: ReadonlySet<string>;
  readonly quoted: ReadonlySet<string>;
}

/** @param allowed - what the application names, as it writes it in its calls: `similarity`, `app.visible_to`, `"Rank"`. */
export function callableFunctions(type: string, allowed: readonly string[]): CallableFunctions {
  const harmless = harmlessFunctions(type);
  // A function of one's own may be called as MySQL calls one of the language, if it is called in quotes.
  const quoted = type.includes('mysql') || type === 'mariadb' ? [] : harmless;
  return {
    unquoted: new Set([...harmless, ...allowed.map(lower)]),
    quoted: new Set([...quoted, ...allowed.map((name) => plain(name).join('.'))]),
  };
}

/** Words of the language that a bracket may stand behind, and types that have a length in one. */
const NO_CALL = new Set(
  `against all and any apply array as asymmetric at between both by case check collate columns conflict constraint cross cube
  default distinct div each else escape except exclude exists fetch filter first following for from full glob group groups having
  ignore in index inner intersect interval is isnull join key lateral leading like limit match materialized minus mod natural
  next not notnull null of offset on only operator or order outer output over overlaps partition passing preceding range recursive
  regexp returning rlike rollup row rows select set sets similar some symmetric then ties to top trailing union unique unknown
  use using values variadic when where window with within xor zone
  bigint binary bit blob char character clob datetime datetime2 datetimeoffset dec decimal double enum fixed float float4 float8
  geography geometry halfvec int integer interval mediumint nchar number numeric nvarchar nvarchar2 raw real smallint sparsevec
  string text time timestamp timestamptz timetz tinyint varbinary varbit varchar varchar2 varying vector year`.split(
    /\s+/,
  ),
);

const COMMENT = String.raw`\/\*[^*]*(?:\*(?!\/)[^*]*)*\*\/`;
const BLANK = `(?:\\s|${COMMENT})*`;
const WORD = String.raw`(?<![\w$\u0080-\uffff])[\w$\u0080-\uffff]+(?![\w$\u0080-\uffff])`;
const QUOTED = '(?:[uU]&)?"(?:[^"]|"")*"|`(?:[^`]|``)*`';
const PART = `(?:${QUOTED}|${WORD})`;
/** A name, and the bracket behind it. What is quoted otherwise hides nothing, unless a bracket stands behind it. */
const CALLS = new RegExp(
  `(?<name>${PART}(?:${BLANK}\\.${BLANK}${PART})*)${BLANK}\\(|(?:'(?:[^']|'')*'|\\])(?<odd>${BLANK}\\()?|${QUOTED}|${COMMENT}`,
  'g',
);

/**
 * T7: what looks like a call of a function must be one of a function that is known to be harmless, however it is spelt. A list
 * of dangerous ones would lag behind the database, its extensions and its administrators.
 */
export function checkCalls(sql: string, functions: CallableFunctions): void {
  for (const { 0: text, index, groups = {} } of sql.matchAll(CALLS)) {
    const { name, odd } = groups;
    if (odd) throw refusedSql('its text has a bracket behind a quote or an index, which may be a call');
    if (name === undefined) continue;
    const isWord = /^\w+$/.test(name);
    if (isWord && NO_CALL.has(lower(name))) continue;
    if (isKnown(name, functions)) continue;
    if (isTarget(sql, index) || isCommonTable(sql, index, index + text.length)) continue;
    const parts = plain(name).join('.');
    throw refusedSql(
      `it calls ${parts}, which is not known to be harmless`,
      `If that function neither reads nor changes what is another tenant's, name it: \`allowedFunctions: [${JSON.stringify(parts)}]\``,
    );
  }
}

function isKnown(name: string, { unquoted, quoted }: CallableFunctions): boolean {
  // Characters by their number may say anything.
  if (/u&"/i.test(name)) return false;
  const parts = plain(name);
  if (parts.some((part) => part.includes('.'))) return false;
  const given = parts.join('.').replace(/^pg_catalog\./i, '');
  return /["`]/.test(name) ? quoted.has(given) : unquoted.has(lower(given));
}

/** As databases do, which leave other letters as they are. */
const lower = (name: string) => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** The parts of a name as the database has them, where they are quoted; as they are written, where not. */
function plain(name: string): string[] {
  return [...name.matchAll(new RegExp(`${COMMENT}|${PART}`, 'g'))]
    .map(([part]) => part)
    .filter((part) => !part.startsWith('/*'))
    .map((part) => (/^["`]/.test(part) ? part.slice(1, -1).replaceAll(/(["`])\1/g, '$1') : part));
}

const TARGET = new RegExp(`^(?:INSERT|UPSERT)\\s+(?:IGNORE\\s+)?INTO\\s+(?:${PART}(?:\\.${PART})*\\s+AS\\s+)?$`);

/** True when the name is the table of an insert that a builder generated, whose columns stand behind it. */
function isTarget(sql: string, index: number): boolean {
  const from = sql.lastIndexOf(MARK, index);
  return from >= 0 && TARGET.test(sql.slice(from + MARK.length, index));
}

const COLUMNS = new RegExp(`^\\s*(?:${QUOTED})(?:, (?:${QUOTED}))*\\) AS (?:(?:NOT )?MATERIALIZED )?\\(`);

/** True when the name is a common table expression's, with names for its columns. Only `FROM` takes a call of that form. */
function isCommonTable(sql: string, index: number, end: number): boolean {
  return (
    /(?:WITH |WITH RECURSIVE |\), )$/.test(sql.slice(Math.max(0, index - 20), index)) && COLUMNS.test(sql.slice(end))
  );
}
