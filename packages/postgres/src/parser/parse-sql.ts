import type { Node } from 'libpg-query';
import { misconfigured } from '../errors/misconfigured.js';
import { withoutRestriction } from './psql-restriction.js';

/** One statement of a text, as PostgreSQL's own parser reads it. */
export interface ParsedStatement {
  /** The kind of statement, as PostgreSQL's grammar names it: `CreateStmt`, `AlterTableStmt`, `IndexStmt`. */
  readonly kind: string;
  /** Its parse tree; the members are those of PostgreSQL's parse tree. Locations in it are bytes of the whole text. */
  readonly tree: SyntaxTree;
  /** The statement as it was written, without comments before it and without its semicolon. */
  readonly text: string;
  /** The place of its first character in the text, in UTF-16 units from 0. */
  readonly start: number;
  /** The line of its first character, from 1. */
  readonly line: number;
}

/** A node of PostgreSQL's parse tree. */
export type SyntaxTree = Readonly<Record<string, unknown>>;

/** A text that PostgreSQL cannot read. */
export class SqlSyntaxError extends Error {
  override readonly name = 'SqlSyntaxError';
  /** The line at which it cannot be read, from 1. */
  readonly line: number;

  constructor(message: string, line: number, cause: unknown) {
    super(message, { cause });
    this.line = line;
  }
}

/**
 * The statements of a text, by the parser of PostgreSQL 18 itself (`libpg-query`, WebAssembly). Nothing is sent anywhere.
 *
 * @throws SqlSyntaxError when PostgreSQL could not read the text; `floor_misconfigured` where `libpg-query` is not installed.
 */
export async function parseSql(given: string): Promise<readonly ParsedStatement[]> {
  const parser = await load();
  const sql = withoutRestriction(given);
  // The parser stops there and says nothing, and the server takes no such text.
  const zero = sql.indexOf('\0');
  if (zero !== -1) throw new SqlSyntaxError('a character of the code 0 ends the text', linesOf(sql)(zero), undefined);
  // The parser calls a text without a character a fault, and one of blanks none.
  if (sql.trim() === '') return [];
  const characters = charactersOf(sql);
  const lines = linesOf(sql);
  const { stmts = [] } = read(parser, sql);
  return stmts.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const [kind, tree] = Object.entries(stmt as Node)[0] as [string, SyntaxTree];
    // In the order of the text: a step back would read it again from its beginning.
    const begin = characters(from);
    const end = length === undefined ? sql.length : characters(from + length);
    const start = afterBlanks(sql, begin, end);
    return { kind, tree, start, line: lines(start), text: withoutBlanksAtEnd(sql.slice(start, end)) };
  });
}

type Parser = typeof import('libpg-query');

async function load(): Promise<Parser> {
  let parser: Parser;
  try {
    parser = await import('libpg-query');
  } catch (cause) {
    throw misconfigured(
      'the parser of PostgreSQL, libpg-query, cannot be loaded, and migrations are read with it before they run. ' +
        'Install it beside @tenancy/postgres: npm install libpg-query@18.',
      { cause },
    );
  }
  await parser.loadModule();
  return parser;
}

function read(parser: Parser, sql: string) {
  try {
    return parser.parseSync(sql);
  } catch (error) {
    const { message, sqlDetails } = error as Error & { readonly sqlDetails?: { readonly cursorPosition: number } };
    const line = lineOfPosition(sql, sqlDetails?.cursorPosition ?? 0);
    const command = /at or near "\\"/.test(message) ? /\\\S*/.exec(sql.split('\n')[line - 1] ?? '')?.[0] : undefined;
    const said = command === undefined ? message : `${command} is a command of psql, and no SQL`;
    throw new SqlSyntaxError(said, line, error);
  }
}

/** The line of a place in the text that PostgreSQL names, which counts whole characters, from 0. */
export function lineOfPosition(sql: string, position: number): number {
  return (
    Array.from(sql)
      .slice(0, position)
      .filter((character) => character === '\n').length + 1
  );
}

/** From bytes of UTF-8, in which the parser counts, to the text's own units. Asked in rising order it reads the text once. */
export function charactersOf(sql: string): (bytes: number) => number {
  let [byte, character] = [0, 0];
  return (wanted) => {
    if (wanted < byte) [byte, character] = [0, 0];
    while (byte < wanted && character < sql.length) {
      const point = sql.codePointAt(character) as number;
      byte += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      character += point < 0x10000 ? 1 : 2;
    }
    return character;
  };
}

/** From a place in the text to its line. Asked in rising order it reads the text once. */
export function linesOf(sql: string): (place: number) => number {
  let [line, next] = [1, sql.indexOf('\n')];
  let last = 0;
  return (place) => {
    if (place < last) [line, next] = [1, sql.indexOf('\n')];
    last = place;
    while (next !== -1 && next < place) {
      line += 1;
      next = sql.indexOf('\n', next + 1);
    }
    return line;
  };
}

const BLANK = /(?:\s|--[^\n]*(?:\n|$)|;)+/y;

/** The place of the first character that is neither blank nor in a comment. */
function afterBlanks(sql: string, from: number, end: number): number {
  let place = from;
  while (place < end) {
    BLANK.lastIndex = place;
    if (BLANK.test(sql)) place = BLANK.lastIndex;
    else if (sql.startsWith('/*', place)) place = afterComment(sql, place);
    else break;
  }
  return Math.min(place, end);
}

/** PostgreSQL's comments hold comments. */
function afterComment(sql: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 0;
  for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}

function withoutBlanksAtEnd(text: string): string {
  return text.replace(/\s+$/, '');
}
