import { endOfComment, readSql } from './sql-text.js';

/**
 * How a statement is treated.
 *
 * - `bound`: sent behind the tenant's binding.
 * - `control`: opens or ends a transaction, or locks a table in it, and is sent alone: a binding would take the snapshot
 *   that `ISOLATION LEVEL` and `LOCK` must come before, and would fail in an aborted transaction that only `ROLLBACK` can
 *   end. None of them reads a row.
 * - `stateful`: bound, and may leave something on the session, which is reset when the connection is given back.
 * - `lasting`: bound, and may leave what no reset undoes, so its connection is closed when it is given back.
 * - `copy`, `listen`, `truncate`: cannot be held to one tenant.
 */
export type StatementKind = 'bound' | 'control' | 'stateful' | 'lasting' | 'copy' | 'listen' | 'truncate';

const KINDS: ReadonlyMap<string, StatementKind> = new Map([
  ...words('control', 'begin start commit end rollback abort savepoint release lock'),
  ...words('bound', 'select insert update delete merge with values table show fetch move close notify'),
  ['load', 'lasting'],
  ['copy', 'copy'],
  ['listen', 'listen'],
  ['truncate', 'truncate'],
  // An empty text: PostgreSQL answers that there was nothing to do.
  ['', 'bound'],
]);

let lastText: string | undefined;
let lastKind: StatementKind = 'bound';

/** Reads the first word. Whatever is not known is `stateful`, which holds for everything that can be bound at all. */
export function statementKind(text: string): StatementKind {
  // The client asks before it sends, and the connection while it does.
  if (text === lastText) return lastKind;
  const first = wordAt(text, 0);
  let kind = first.word === 'set' ? kindOfSet(text, first.end) : (KINDS.get(first.word) ?? 'stateful');
  // A name that is written in escapes is looked at as what it means.
  const meant = /u&"/i.test(text) ? `${text} ${[...readSql(text).called].join('(')}(` : text;
  if (kind === 'bound' && /dblink_connect/i.test(meant)) kind = 'lasting';
  const isUnread = first.word === '' && first.end < text.length;
  if (isUnread || (kind === 'bound' && leavesState(meant))) kind = 'stateful';
  lastText = text;
  lastKind = kind;
  return kind;
}

/** In lower case; empty when there is none. */
export function firstWord(text: string): string {
  return wordAt(text, 0).word;
}

export function secondWord(text: string): string {
  return wordAt(text, wordAt(text, 0).end).word;
}

/** The statements in which SQL of a server's own may `COMMIT`. No other takes one in: not `EXPLAIN`, nor `PREPARE`. */
export function mayEndTransaction(text: string): boolean {
  if (statementKind(text) !== 'stateful') return false;
  const word = firstWord(text);
  return word === 'call' || word === 'do';
}

/** The functions whose effect stays on the session. `set_config(…, true)` is over with the transaction. */
function leavesState(text: string): boolean {
  if (!/set_config|advisory_lock|setseed/i.test(text)) return false;
  return /set_config|pg_(?:try_)?advisory_lock|setseed/i.test(text.replace(SETS_LOCALLY, ''));
}

const SETS_LOCALLY = /set_config\s*\((?:[^()]|\([^()]*\))*,\s*true\s*\)/gi;

/** `SET LOCAL` and `SET TRANSACTION` end with the transaction; any other `SET` stays on the session. */
function kindOfSet(text: string, after: number): StatementKind {
  const { word } = wordAt(text, after);
  return word === 'local' || word === 'transaction' || word === 'constraints' ? 'control' : 'stateful';
}

function wordAt(text: string, from: number): { readonly word: string; readonly end: number } {
  const start = skipBlanks(text, from);
  let end = start;
  while (end < text.length && isLetter(text.charCodeAt(end))) end += 1;
  return { word: text.slice(start, end).toLowerCase(), end };
}

/** Past white space, comments (which nest in PostgreSQL), and the brackets and semicolons that may come first. */
function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 32 || (code >= 9 && code <= 13) || code === 40 || code === 59) at += 1;
    else if (code === 45 && text.charCodeAt(at + 1) === 45) at = endOfLine(text, at);
    else if (code === 47 && text.charCodeAt(at + 1) === 42) at = endOfComment(text, at);
    else break;
  }
  return at;
}

function endOfLine(text: string, from: number): number {
  const end = /[\r\n]/g;
  end.lastIndex = from;
  return (end.exec(text)?.index ?? text.length - 1) + 1;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

function words(kind: StatementKind, list: string): (readonly [string, StatementKind])[] {
  return list.split(' ').map((word) => [word, kind] as const);
}
