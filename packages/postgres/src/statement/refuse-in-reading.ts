import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { bareText } from './refuse-statement.js';
import { readSql } from './sql-text.js';
import { firstWord } from './statement-kind.js';

/**
 * Why a statement within `reading` is not sent, or `undefined` when it is. PostgreSQL refuses whatever writes to a table, on a replica and in a
 * transaction that reads alone; here is what only one of the two refuses, as far as the text tells, and what a replica does for itself: a lock
 * there keeps nobody out.
 *
 * Source: https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-USERS
 */
export function refuseInReading(text: string | undefined): TenantFloorError | undefined {
  if (text === undefined || !IS_SUSPECT.test(text)) return undefined;
  const what = refusedCommand(text) ?? refusedCall(text);
  if (what === undefined) return undefined;
  return new TenantFloorError(
    'statement_refused',
    `${what} was sent within \`reading\`, where it may be asked of a replica, which refuses it or does it for itself alone. Send it outside of \`reading\`.`,
  );
}

/** Most texts have nothing of all that, and need not be read. */
const IS_SUSPECT =
  /u&"|notify|analy[sz]e|vacuum|reindex|cluster|\block\b|advisory|serializable|xact|txid|_wal|logical_emit|\blo_|lowrite|brin_|gin_/i;

/** Utility statements that are neither reads nor writes, and not run on a replica. */
const COMMANDS: ReadonlySet<string> = new Set(['notify', 'analyze', 'analyse', 'vacuum', 'reindex', 'cluster']);

function refusedCommand(text: string): string | undefined {
  const first = firstWord(text);
  if (COMMANDS.has(first)) return first.toUpperCase();
  if (first === 'lock') return GRANTED.test(bareText(text)) ? undefined : 'LOCK TABLE in a mode that keeps writers out';
  if (!SETS_LEVEL.has(first) || !/serializable/i.test(text)) return undefined;
  return /isolation/.test(bareText(text)) ? 'SERIALIZABLE' : undefined;
}

/** The modes that a replica grants. */
const GRANTED = /\bin (?:access share|row share|row exclusive) mode\b/;

const SETS_LEVEL: ReadonlySet<string> = new Set(['begin', 'start', 'set']);

function refusedCall(text: string): string | undefined {
  // A block is a string, of which every call counts.
  const called = firstWord(text) === 'do' ? (bareText(text).match(/[\w$]+(?= ?\()/g) ?? []) : readSql(text).called;
  return [...called].find((name) => CALLS.test(name));
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
