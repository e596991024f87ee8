import { type ClientBase, DatabaseError } from 'pg';
import { recordInLedger } from './ledger.js';
import { MigrationError } from './migration-error.js';
import type { MigrationFile } from './migration-file.js';

/** Runs one file and writes it down, inside the transaction that is open. */
export async function applyMigration(client: ClientBase, file: MigrationFile): Promise<void> {
  await client.query('savepoint tenancy_migration');
  await client.query(file.sql).catch((cause: unknown) => {
    throw new MigrationError(
      'migration_failed',
      `${file.name}${position(file, cause)}: ${(cause as Error).message}. ` +
        'Nothing of this file was applied; the files before it were. Correct it and run again.',
      { cause },
    );
  });
  // Fails when the file committed or rolled back by itself: the savepoint is gone with the transaction.
  await client.query('release savepoint tenancy_migration').catch((cause: unknown) => {
    throw new MigrationError(
      'migration_left_transaction',
      `${file.name} ends the transaction it runs in, so it cannot be written down together with its changes, some of ` +
        'which may be in the database now. Undo them, remove COMMIT and ROLLBACK from the file, and run again.',
      { cause },
    );
  });
  // What a file sets for its session must not reach the ledger or the next file.
  await client.query('reset session authorization; reset all');
  await recordInLedger(client, file);
}

function position({ sql }: MigrationFile, cause: unknown): string {
  const offset = cause instanceof DatabaseError ? Number(cause.position) : Number.NaN;
  return Number.isNaN(offset) ? '' : `, line ${sql.slice(0, offset - 1).split('\n').length}`;
}
