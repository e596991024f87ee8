import type { LedgerEntry } from './ledger.js';
import { MigrationError } from './migration-error.js';
import type { MigrationFile } from './migration-file.js';

/**
 * The files that are still to be applied.
 *
 * @throws `migration_edited`, `migration_removed` or `migration_out_of_order` when the files are not a continuation of
 * what the database has seen.
 */
export function pendingMigrations(files: readonly MigrationFile[], ledger: readonly LedgerEntry[]): MigrationFile[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const { name, checksum } of ledger) {
    const file = byName.get(name);
    if (!file) {
      throw new MigrationError(
        'migration_removed',
        `${name} was applied to this database, but there is no such file any more. Restore it under this name; ` +
          'to undo what it did, add a new migration.',
      );
    }
    if (file.checksum !== checksum) {
      throw new MigrationError(
        'migration_edited',
        `${name} was changed after it was applied to this database, which would not see the change. ` +
          'Restore the file as it was and put the change into a new migration.',
      );
    }
  }
  const applied = new Set(ledger.map(({ name }) => name));
  const last = [...applied].sort().at(-1) ?? '';
  const pending = files.filter(({ name }) => !applied.has(name));
  const late = pending.find(({ name }) => name < last);
  if (late) {
    throw new MigrationError(
      'migration_out_of_order',
      `${late.name} is new, but comes before ${last}, which is already applied; a fresh database would run them in ` +
        'another order than this one. Rename it so that it comes last (numbers need the same width: 0002, 0010).',
    );
  }
  return pending;
}
