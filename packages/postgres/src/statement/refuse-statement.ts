import { TenantSwitchRefusedError } from '@tenancy/core';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { decoded, readSql } from './sql-text.js';
import { firstWord, secondWord, statementKind } from './statement-kind.js';

export const SEVERAL_STATEMENTS =
  'several statements in one text cannot be bound to one tenant. Send them one by one, in a transaction if they belong ' +
  'together.';

/**
 * Why a statement of a tenant is not sent, or `undefined` when it is.
 *
 * @param bound - the names of the settings that bind it to its tenant
 * @param truncates - whether a table is the tenant's alone, so that it may be emptied
 */
export function refuseStatement(
  text: string | undefined,
  bound: readonly string[],
  truncates: boolean,
): Error | undefined {
  if (text === undefined) {
    return refused('a query without text', 'Nothing is known about what it does. Pass the SQL as `text`.');
  }
  // Most texts have nothing of all that, and need not be read.
  const isSeen = IS_SUSPECT.test(text.trimEnd().replace(/;$/, ''));
  if (isSeen && readSql(text).isSeveral) return new TenantFloorError('statement_refused', SEVERAL_STATEMENTS);
  if (setsAnyOf(bound, text)) return new TenantSwitchRefusedError(SWITCH);
  if (isSeen && [...readSql(text).called].some((name) => ENDS_OTHERS.has(name))) {
    return refused(
      'pg_terminate_backend and pg_cancel_backend',
      "They end the work of every tenant's connections, which are all the same role's. Use the admin pool.",
    );
  }
  switch (statementKind(text)) {
    case 'copy':
      return refused('COPY', 'It has a protocol of its own. Insert the rows, or read them with a cursor.');
    case 'listen':
      return refused(
        'LISTEN',
        'A channel belongs to no tenant, and the session would go on listening for the next one. ' +
          'Listen on a connection of the admin pool.',
      );
    case 'truncate':
      if (truncates) break;
      return refused('TRUNCATE', 'It ignores row-level security and empties the table of every tenant. Use DELETE.');
    case 'stateful':
      return refuseForAll(text);
    case 'control':
      if (secondWord(text) === 'prepared') return refused('COMMIT PREPARED', OF_NOBODY);
  }
  return undefined;
}

/** Refuses a statement that changes the server for all tenants at once, as far as its first words say so. */
function refuseForAll(text: string): Error | undefined {
  const [first, second] = [firstWord(text), secondWord(text)];
  if ((first === 'drop' || first === 'reassign') && second === 'owned') {
    return refused('DROP OWNED', "It takes the role's rights and policies away from every tenant.");
  }
  if (first === 'prepare' && second === 'transaction') return refused('PREPARE TRANSACTION', OF_NOBODY);
  if (first !== 'alter' || !OF_ALL.has(second) || /^\s*alter\s+user\s+mapping\b/i.test(text)) return undefined;
  return refused(
    `ALTER ${second.toUpperCase()}`,
    "The role and the database are every tenant's: a password or a setting would be changed for all of them. Run it as " +
      'their owner, outside the tenant pool.',
  );
}

const IS_SUSPECT = /;|u&"|pg_(?:terminate|cancel)_backend/i;

const ENDS_OTHERS: ReadonlySet<string> = new Set(['pg_terminate_backend', 'pg_cancel_backend']);

const OF_ALL: ReadonlySet<string> = new Set(['role', 'user', 'group', 'database', 'system']);

const OF_NOBODY = 'A prepared transaction is on no connection, and any tenant could end it.';

const SWITCH =
  'SQL tried to set what binds a query to its tenant. The pool binds every query by itself: leave `set_config`, `SET` ' +
  'and `RESET` of that setting out.';

/** It would not hold for the next statement, which is bound anew, but it could for the rest of this one. */
function setsAnyOf(settings: readonly string[], text: string): boolean {
  if (!/set|u&"/i.test(text)) return false;
  const lower = text.toLowerCase();
  if (/set_config|u&"/.test(lower) && (firstWord(text) === 'do' || readSql(text).called.has('set_config')))
    return namesAnyOf(settings, text);
  return setByStatement(text).some((name) => settings.includes(name));
}

/** The settings that `SET`, `RESET` or `ALTER … SET` sets, or a block by statements of its own. */
export function setByStatement(text: string): string[] {
  const first = firstWord(text);
  if (!BEGINS_LIKE_SET.has(first)) return [];
  const sets = first === 'do' ? SETS : SETS_AT_ONCE;
  return [...bareText(text).matchAll(sets)].map(([, name]) => name as string);
}

const SETS = /\b(?:re)?set (?:local |session )?([\w.]+)/g;
const SETS_AT_ONCE = new RegExp(`^ ?(?:alter (?:role|user|database) .*)?${SETS.source}`, 'g');

/** In lower case, with one space in place of blanks, comments and semicolons, and names without quotes. */
export function bareText(text: string): string {
  return decoded(text.toLowerCase(), '\\')
    .replace(/(?:\/\*.*?\*\/|--[^\r\n]*|[\s;]+)+/gs, ' ')
    .replace(/u&"|"/g, '')
    .replace(/ ?\. ?/g, '.');
}

/** True where a string or a name of the text has one of the names in it, however it is written. */
export function namesAnyOf(names: readonly string[], text: string): boolean {
  return names.some((name) => spellings(text).some((spelling) => spelling.toLowerCase().includes(name)));
}

/** The text as it is, and as its strings are meant: with the escapes of `E''`, with those of `U&''`, and one that goes on in another line. */
function spellings(text: string): string[] {
  const joined = text.replace(/'\s*(?:--[^\r\n]*)?[\r\n]\s*'/g, '');
  if (!/\be'|u&'/i.test(joined)) return [text, joined];
  const sign = /\buescape\s*'(.)'/i.exec(joined)?.[1] ?? '\\';
  return [text, joined, unescaped(joined), decoded(joined, sign)];
}

/** With the escapes of an `E''`; those that mean no character of a name may stay. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^bfnrtxuU]))/g,
    (all, x, u, long, octal, self) => {
      if (self !== undefined) return self;
      const code = Number.parseInt(x ?? u ?? long ?? octal, octal === undefined ? 16 : 8);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

const BEGINS_LIKE_SET: ReadonlySet<string> = new Set(['set', 'reset', 'alter', 'do']);

function refused(what: string, why: string): TenantFloorError {
  return new TenantFloorError('statement_refused', `${what} cannot be bound to one tenant. ${why}`);
}
