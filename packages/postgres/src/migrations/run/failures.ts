import { DatabaseError } from 'pg';
import { lineOfPosition } from '../../parser/parse-sql.js';
import { GONE } from '../ledger/ledger.js';
import { MigrationError, type MigrationErrorCode } from '../outcome/migration-error.js';
import type { Migration } from '../source/migration.js';
import { LEFT } from './schema-statements.js';
import { codeOf } from './until-locked.js';

export const OF_THE_FILE = 'Nothing of this file was applied; the files before it were.';

/** The place of an error in the statement that begins at `start`, in whole characters as PostgreSQL counts. */
export function positionIn(sql: string, cause: unknown, start: number): number {
  const position = cause instanceof DatabaseError ? Number(cause.position) : Number.NaN;
  return Number.isNaN(position) ? 0 : Math.max(0, position - 1 - Array.from(sql.slice(0, start)).length);
}

export function failed(
  { name }: Migration,
  line: number,
  text: string,
  cause: unknown,
  position: number,
  kept: string,
): MigrationError {
  const at = line + lineOfPosition(text, position) - 1;
  return new MigrationError(
    'migration_failed',
    `${name}, line ${at}: ${(cause as Error).message}. ${kept} ${codeOf(cause) === FORBIDDEN ? 'Grant the right to the role of the run, or take another role,' : 'Correct it'} and run again.`,
    { cause, migration: name },
  );
}

/** SQLSTATEs, by how they begin, of what has nothing to do with the migration: locks, connections, room, a server that stops. */
const TRANSIENT = /^(?:08|40|53|55P03|57|TNY)/;

/** Faults that are put right outside of the migrations, so that no target is set aside for them. */
const OF_THE_PLACE: ReadonlySet<MigrationErrorCode> = new Set([
  'target_unreachable',
  'target_forbidden',
  'target_read_only',
  'target_exhausted',
  'ledger_foreign',
]);

export function isTransient(error: unknown): boolean {
  if (error instanceof MigrationError && OF_THE_PLACE.has(error.code)) return true;
  const code = codeOf(error);
  return code === undefined ? !(error instanceof MigrationError) : TRANSIENT.test(code);
}

const FORBIDDEN = '42501';

/** The fault of a target, by how its SQLSTATE begins, whichever statement met it. */
const FAULTS: readonly (readonly [RegExp, MigrationErrorCode, string])[] = [
  [
    /^25006/,
    'target_read_only',
    'The server is a standby, or the role or the database has `default_transaction_read_only`. Give the address of the primary, and a role that writes.',
  ],
  [
    /^(?:08|57P0)/,
    'target_unreachable',
    'The server ended the connection, and takes back what was not committed. Run again.',
  ],
  [
    /^53/,
    'target_exhausted',
    'The server has no room for it: of disk, memory or what a setting allows. Make room and run again.',
  ],
];

const FAULTS_OF_OURS: typeof FAULTS = [
  [
    /^42501/,
    'target_forbidden',
    'Grant CREATE on the database and on the schema `public` to the role of the run, or run as their owner.',
  ],
  [
    /^(?:42703|42809|42P10|42P01|0A000)/,
    'ledger_foreign',
    'Something else than the ledger has its name, `public.tenancy_migrations`. Rename that, and run again.',
  ],
];

/** A fault of the server, and not of the statement that met it; null where it is none. */
export function faultOf(cause: unknown, faults = FAULTS): MigrationError | null {
  const message = (cause as Error).message;
  if (
    !(cause instanceof MigrationError) &&
    /^Connection terminated|^Client has encountered a connection error/.test(message)
  ) {
    return new MigrationError(
      'target_unreachable',
      `the connection was lost: ${message}. The server takes back what was not committed, and the ledger knows what was. Run again.`,
      { cause },
    );
  }
  const code = codeOf(cause);
  const [, fault, fix] = faults.find(([pattern]) => code !== undefined && pattern.test(code)) ?? [];
  return fault === undefined || cause instanceof MigrationError
    ? null
    : new MigrationError(
        fault,
        `${message}. Nothing of this transaction was applied; what was committed before it stays. ${fix}`,
        { cause },
      );
}

/** The character that a database's encoding does not have, of which PostgreSQL says the bytes; null for another error. */
export function unconvertible(cause: unknown): string | null {
  const bytes =
    codeOf(cause) === '22P05' ? /byte sequence ((?:0x[0-9a-f]{2} ?)+)/.exec((cause as Error).message)?.[1] : undefined;
  return bytes === undefined ? null : Buffer.from(bytes.replaceAll(/0x| /g, ''), 'hex').toString();
}

/** Puts into words what a statement of our own says. */
export function known(cause: unknown): unknown {
  const { code, message } = cause as { readonly code?: string; readonly message: string };
  if (code === LEFT) {
    return new MigrationError(
      'migration_left_schema',
      `${message}, and a migration of a tenant's schema may change that one alone. All of it was taken back. Name tables without a schema.`,
      { cause },
    );
  }
  if (code === GONE) {
    return new MigrationError('target_lost', 'the schema was dropped meanwhile. Nothing was applied.', { cause });
  }
  return faultOf(cause, [...FAULTS, ...FAULTS_OF_OURS]) ?? cause;
}
