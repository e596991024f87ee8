import { TenantSwitchRefusedError } from '@tenancy/core';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { type CarriedText, carriedTexts, mayCarry } from './carried-texts.js';
import { readSql } from './sql-text.js';
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
  const isSeen = IS_SUSPECT.test(text.trimEnd().replace(/;$/, '')) || mayCarry(text);
  if (isSeen && readSql(text).isSeveral) return new TenantFloorError('statement_refused', SEVERAL_STATEMENTS);
  const maySet = isSeen || SETS_FIRST.has(firstWord(text)) || /set_config/i.test(text);
  if (maySet && setsAnyOf(bound, text)) return new TenantSwitchRefusedError(SWITCH);
  const own = refuseKind(text, truncates);
  if (own || !isSeen) return own;
  for (const { called, statements } of carriedTexts(text)) {
    if ([...called].some((name) => ENDS_OTHERS.has(name))) {
      return refused(
        'pg_terminate_backend and pg_cancel_backend',
        "They end the work of every tenant's connections, which are all the same role's. Use the admin pool.",
      );
    }
    for (const statement of statements) {
      const refusal = refuseKind(statement, truncates);
      if (refusal) return refusal;
    }
  }
  return undefined;
}

function refuseKind(text: string, truncates: boolean): Error | undefined {
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

const SETS_FIRST: ReadonlySet<string> = new Set(['set', 'reset', 'alter']);

const ENDS_OTHERS: ReadonlySet<string> = new Set(['pg_terminate_backend', 'pg_cancel_backend']);

const OF_ALL: ReadonlySet<string> = new Set(['role', 'user', 'group', 'database', 'system']);

const OF_NOBODY = 'A prepared transaction is on no connection, and any tenant could end it.';

const SWITCH =
  'SQL tried to set what binds a query to its tenant. The pool binds every query by itself: leave `set_config`, `SET` ' +
  'and `RESET` of that setting out.';

/** It would not hold for the next statement, which is bound anew, but it could for the rest of this one. */
function setsAnyOf(settings: readonly string[], text: string): boolean {
  const texts = carriedTexts(text);
  if (texts.some(({ called }) => called.has('set_config')) && namesAnyOf(settings, texts)) return true;
  return setByStatement(texts).some((name) => settings.includes(name));
}

/** The settings that `SET`, `RESET` or `ALTER … SET` sets, in lower case. */
export function setByStatement(texts: readonly CarriedText[]): string[] {
  return texts.flatMap(({ statements }) => statements).flatMap((statement) => SETS.exec(statement)?.[1] ?? []);
}

const SETS = /^[ (;]*(?:alter (?:role|user|database) .*?)?\b(?:re)?set (?:local |session )?([\w.]+)/;

/** True where a string of the texts has one of the names in it. */
function namesAnyOf(names: readonly string[], texts: readonly CarriedText[]): boolean {
  const strings = texts.flatMap((text) => text.strings).map((string) => string.toLowerCase());
  return names.some((name) => strings.some((string) => string.includes(name)));
}

function refused(what: string, why: string): TenantFloorError {
  return new TenantFloorError('statement_refused', `${what} cannot be bound to one tenant. ${why}`);
}
