import { MigrationError } from '../outcome/migration-error.js';
import type { Migration } from '../source/migration.js';
import type { LedgerEntry } from './ledger.js';

/** A migration that a target has not, or not wholly. */
export interface PendingMigration {
  readonly migration: Migration;
  /** The steps that are done already. */
  readonly done: number;
  /** True where the next step was begun outside of a transaction, so that its outcome is to be looked for. */
  readonly isBegun: boolean;
}

/**
 * The migrations that are still to be applied to one target.
 *
 * @param accepted - names of those that may be others than those that were applied
 * @throws MigrationError `migration_edited`, `migration_removed` or `migration_out_of_order` when the migrations are not a continuation of
 * what the target has seen.
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  ledger: readonly LedgerEntry[],
  accepted: ReadonlySet<string> = new Set(),
): readonly PendingMigration[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  const entries = new Map(ledger.map((entry) => [entry.name, entry]));
  for (const { name, checksum, isApplied, isBegun, done } of ledger) {
    // What failed as a whole left nothing, and may be corrected, renamed or given up.
    if (!isApplied && !isBegun && done === 0) continue;
    const found = byName.get(name);
    if (!found) {
      throw new MigrationError(
        'migration_removed',
        `${name} was applied to this database, but there is no such file any more. Restore it under this name; ` +
          'to undo what it did, add a new migration.',
      );
    }
    if (found.checksum !== checksum && !accepted.has(name)) {
      throw new MigrationError(
        'migration_edited',
        `${name} was changed after it was applied to this database, which would not see the change. ` +
          'Restore the file as it was and put the change into a new migration. Where it was corrected because it failed for others, ' +
          'and what it does is the same, say so with `acceptEdited`.',
      );
    }
  }
  const isApplied = ({ name }: Migration) => entries.get(name)?.isApplied === true;
  const last = migrations.findLastIndex(isApplied);
  const late = migrations.slice(0, Math.max(last, 0)).find((migration) => !isApplied(migration));
  if (late) {
    throw new MigrationError(
      'migration_out_of_order',
      `${late.name} is new, but comes before ${migrations[last]?.name}, which is already applied; a fresh database would run them in ` +
        'another order than this one. Rename it so that it comes last (numbers need the same width: 0002, 0010).',
    );
  }
  return migrations.slice(last + 1).map((migration) => {
    const { done = 0, isBegun = false } = entries.get(migration.name) ?? {};
    return { migration, done, isBegun };
  });
}

/** The first migration that failed in a target, and is not another one since; what is set aside until it is asked for. */
export function quarantined(
  pending: readonly PendingMigration[],
  ledger: readonly LedgerEntry[],
): { readonly name: string; readonly failure: string } | null {
  const next = pending[0]?.migration;
  const entry = ledger.find(({ name }) => name === next?.name);
  return entry?.failure && entry.checksum === next?.checksum ? { name: entry.name, failure: entry.failure } : null;
}
