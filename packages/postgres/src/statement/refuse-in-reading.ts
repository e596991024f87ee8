import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { type CarriedText, carriedTexts, mayCarry } from './carried-texts.js';
import { firstWord } from './statement-kind.js';

/**
 * Why a statement within `reading` is not sent, or `undefined` when it is. PostgreSQL refuses whatever writes to a table, on a replica and in a
 * transaction that reads alone; here is what only one of the two refuses, as far as the text tells, and what a replica does for itself: a lock
 * there keeps nobody out.
 *
 * Source: https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-USERS
 */
export function refuseInReading(text: string | undefined): TenantFloorError | undefined {
  if (text === undefined || !(IS_SUSPECT.test(text) || mayCarry(text))) return undefined;
  const what = firstOf(
    carriedTexts(text),
    (carried) =>
      firstOf(carried.statements, (statement) => refusedCommand(statement, carried)) ??
      firstOf(carried.called, refusedCall),
  );
  if (what === undefined) return undefined;
  return new TenantFloorError(
    'statement_refused',
    `${what} was sent within \`reading\`, where it may be asked of a replica, which refuses it or does it for itself alone. Send it outside of \`reading\`.`,
  );
}

/** Most texts have nothing of all that, and need not be read. */
const IS_SUSPECT =
  /u&"|notify|explain|analy[sz]e|vacuum|reindex|cluster|\block\b|advisory|serializable|xact|txid|_wal|logical_emit|\blo_|lowrite|brin_|gin_/i;

/** Utility statements that are neither reads nor writes, and not run on a replica. */
const COMMANDS: ReadonlySet<string> = new Set(['notify', 'analyze', 'analyse', 'vacuum', 'reindex', 'cluster']);

function refusedCommand(statement: string, { strings }: CarriedText): string | undefined {
  const first = firstWord(statement);
  if (COMMANDS.has(first)) return first.toUpperCase();
  if (first === 'lock') return GRANTED.test(statement) ? undefined : 'LOCK TABLE in a mode that keeps writers out';
  if (first === 'explain' && MAKES.test(statement)) return 'EXPLAIN of a table that is made';
  if (!SETS_LEVEL.has(first) || !/isolation/.test(statement)) return undefined;
  return /serializable/i.test([statement, ...strings].join()) ? 'SERIALIZABLE' : undefined;
}

/** The modes that a replica grants. */
const GRANTED = /\bin (?:access share|row share|row exclusive) mode\b/;

/** The primary makes it, in a transaction that reads alone as well. */
const MAKES = /\b(?:create (?:global |local )?(?:temp\w* |unlogged )?table|into (?:temp|unlogged|table)\w*)\b/;

const SETS_LEVEL: ReadonlySet<string> = new Set(['begin', 'start', 'set']);

function refusedCall(name: string): string | undefined {
  return CALLS.test(name) ? name : undefined;
}

function firstOf<T>(all: Iterable<T>, ask: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const found = ask(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

const CALLS = new RegExp(
  `^(?:${[
    'pg_notify',
    'pg_(?:try_)?advisory_(?:xact_)?lock(?:_shared)?',
    // They number the transaction, or ask for the end of a log that a replica does not write.
    'txid_current|pg_current_xact_id|pg_logical_emit_message|pg_current_wal_(?:insert_|flush_)?lsn|pg_walfile_name(?:_offset)?',
    'brin_(?:de)?summarize_(?:range|new_values)|gin_clean_pending_list',
    // Large objects, which versions before 16 let a transaction write that reads alone.
    'lo_(?:creat|create|unlink|put|from_bytea|truncate|truncate64|import)|lowrite',
  ].join('|')})$`,
);
