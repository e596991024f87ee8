import type { ParsedStatement } from '../../parser/parse-sql.js';
import { MigrationError } from '../outcome/migration-error.js';
import { foldedEnums } from '../source/folded-enums.js';
import type { Migration } from '../source/migration.js';
import { plainStatement } from '../source/plain-statement.js';
import { statementsOf } from '../source/schema-bound.js';
import type { Chunk, Part } from './chunks.js';

/** A part of the transaction that makes a new place: statements, or code between them. */
export type SquashedChunk = Exclude<Chunk, { readonly kind: 'alone' }>;

/** All migrations as one transaction runs them. */
export interface Squashed {
  readonly chunks: readonly SquashedChunk[];
  /** The migrations that are applied by it, for the ledger. */
  readonly migrations: readonly Migration[];
}

/** SQL that makes at once what the migrations up to one of them make. */
export interface SquashedBaseline {
  readonly migration: Migration;
  /** The name of the last migration that is in it. */
  readonly upTo: string;
}

/**
 * All migrations as one transaction runs them in a place that is new: what they need transactions of their own for is not needed there.
 *
 * @throws MigrationError `migration_refused` for a statement that a transaction cannot have, and for a baseline that ends at no migration.
 */
export async function squashed(migrations: readonly Migration[], baseline: SquashedBaseline | null): Promise<Squashed> {
  const run = baseline === null ? migrations : [baseline.migration, ...after(migrations, baseline)];
  const folded = foldedEnums(run.flatMap(({ steps }) => steps.flatMap(statementsOf)));
  const chunks: SquashedChunk[] = [];
  for (const migration of run) {
    const done = migration.steps.length;
    for (const step of migration.steps) {
      if (step.kind === 'code') {
        chunks.push({ kind: 'code', migration, run: step.run, done });
        continue;
      }
      const statements: ParsedStatement[] = [];
      for (const statement of statementsOf(step)) {
        const plain = step.kind === 'alone' ? await plainStatement(migration.name, statement) : statement;
        const now = folded.get(statement);
        if (plain !== null && now !== null) statements.push(now ?? plain);
      }
      partsOf(chunks).push({ migration, statements, done });
    }
  }
  return { chunks, migrations };
}

function after(migrations: readonly Migration[], { migration, upTo }: SquashedBaseline): readonly Migration[] {
  const last = migrations.findIndex(({ name }) => name === upTo);
  if (last !== -1) return migrations.slice(last + 1);
  throw new MigrationError(
    'migration_refused',
    `the baseline ${migration.name} ends at ${JSON.stringify(upTo)}, and there is no such migration. Nothing was done. Correct \`upTo\`.`,
  );
}

/** The parts of the last chunk, where that is no code. */
function partsOf(chunks: SquashedChunk[]): Part[] {
  const last = chunks.at(-1);
  if (last?.kind === 'transaction') return last.parts as Part[];
  const parts: Part[] = [];
  chunks.push({ kind: 'transaction', parts });
  return parts;
}
