import { DatabaseError } from 'pg';
import { lineOfPosition } from '../../parser/parse-sql.js';
import { GONE } from '../ledger/ledger.js';
import { MigrationError } from '../outcome/migration-error.js';
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
    `${name}, line ${at}: ${(cause as Error).message}. ${kept} Correct it and run again.`,
    { cause, migration: name },
  );
}

/** SQLSTATEs, by how they begin, of what has nothing to do with the migration: locks, connections, room, a server that stops. */
const TRANSIENT = /^(?:08|40|53|55P03|57|TNY)/;

export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined ? !(error instanceof MigrationError) : TRANSIENT.test(code);
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
  return cause;
}
