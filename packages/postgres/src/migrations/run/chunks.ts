import type { ParsedStatement } from '../../parser/parse-sql.js';
import type { PendingMigration } from '../ledger/pending-migrations.js';
import type { Alone } from '../source/alone.js';
import type { Migration } from '../source/migration.js';
import type { CodeMigration } from '../source/migration-source.js';

/** Statements of one migration, and how far it is when they are done. */
export interface Part {
  readonly migration: Migration;
  readonly statements: readonly ParsedStatement[];
  /** The steps of the migration that are done afterwards. */
  readonly done: number;
}

/** A part of the work that is sent at once: a transaction of parts, a statement by itself, or code in a transaction. */
export type Chunk =
  | { readonly kind: 'transaction'; readonly parts: readonly Part[] }
  | { readonly kind: 'code'; readonly migration: Migration; readonly run: CodeMigration['run']; readonly done: number }
  | {
      readonly kind: 'alone';
      readonly migration: Migration;
      readonly statement: ParsedStatement;
      readonly alone: Alone;
      readonly done: number;
      /** True where it was begun before. */
      readonly isBegun: boolean;
    };

/**
 * Divides what is pending into as few transactions as it allows.
 *
 * @param isOneEach - true for a transaction of its own for each migration
 */
export function chunksOf(pending: readonly PendingMigration[], isOneEach: boolean): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let parts: Part[] = [];
  const close = () => {
    if (parts.length > 0) chunks.push({ kind: 'transaction', parts });
    parts = [];
  };
  for (const { migration, done: before, isBegun } of pending) {
    for (const [index, step] of migration.steps.entries()) {
      if (index < before) continue;
      const done = index + 1;
      if (step.kind === 'together') {
        parts.push({ migration, statements: step.statements, done });
        if (step.isLast) close();
        continue;
      }
      close();
      if (step.kind === 'code') chunks.push({ kind: 'code', migration, run: step.run, done });
      else {
        const { statement, alone } = step;
        chunks.push({ kind: 'alone', migration, statement, alone, done, isBegun: isBegun && index === before });
      }
    }
    if (isOneEach) close();
  }
  close();
  return chunks;
}
