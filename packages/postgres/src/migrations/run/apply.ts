import type { Client, DatabaseError } from 'pg';
import { quoteIdentifier } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import { type LedgerEntry, lockKey, recorded } from '../ledger/ledger.js';
import type { PendingMigration } from '../ledger/pending-migrations.js';
import { MigrationError } from '../outcome/migration-error.js';
import { type Chunk, chunksOf } from './chunks.js';
import { failed, faultOf, isTransient, known, OF_THE_FILE, positionIn, unconvertible } from './failures.js';
import type { RunPolicies } from './run-policies.js';
import { OTHERWISE } from './schema-policies.js';
import { afterCode, beforeCode, closing, opening, type Place, statements, Text } from './transaction-text.js';
import { codeOf, type Patience, untilLocked } from './until-locked.js';

/** A target that is behind, with what it lacks. */
export interface Work extends Place {
  readonly tenant: string | null;
  readonly entries: readonly LedgerEntry[];
  readonly pending: readonly PendingMigration[];
}

/** How a target is brought up to date. */
export interface Manner extends Patience {
  /** True for a transaction of its own for each migration. */
  readonly isOneEach: boolean;
  /** Run inside of each transaction after its statements; null where none do. */
  readonly policies: RunPolicies | null;
}

/**
 * Brings one target up to date.
 *
 * @throws MigrationError `migration_failed` and the like, when it has been written down; what is before it is kept.
 */
export async function bring(client: Client, work: Work, manner: Manner): Promise<void> {
  const chunks = chunksOf(work.pending, manner.isOneEach);
  let place: Place = work;
  let entries = work.entries;
  const hasAlone = chunks.some(({ kind }) => kind === 'alone');
  if (hasAlone) await lockForSession(client, work.target);
  try {
    for (const chunk of chunks) {
      try {
        await untilLocked(client, manner, (timeout) => apply(client, place, entries, chunk, manner, timeout));
      } catch (error) {
        await write(client, place, entries, chunk, error);
        throw error;
      }
      entries = afterwards(entries, chunk);
      place = { ...place, isNew: false };
    }
  } finally {
    if (hasAlone) await client.query(`reset all; select pg_advisory_unlock(${lockKey(work.target)})`).catch(() => {});
  }
}

async function apply(
  client: Client,
  place: Place,
  entries: readonly LedgerEntry[],
  chunk: Chunk,
  manner: Manner,
  lockTimeout: number,
): Promise<void> {
  if (chunk.kind === 'alone') return alone(client, place, chunk);
  const { policies } = manner;
  const foreseen = policies === null ? [] : policies.foreseen(place.schema, chunk);
  const text = new Text().add('begin');
  opening(text, place, entries, lockTimeout);
  if (chunk.kind === 'transaction') statements(text, place, chunk.parts);
  if (chunk.kind === 'code') beforeCode(text, place);
  const parts = chunk.kind === 'transaction' ? chunk.parts : [chunk];
  if (chunk.kind === 'transaction' && foreseen !== null) {
    for (const statement of foreseen) text.add(statement);
    closing(text, place, parts);
    try {
      await sent(client, text.add('commit'), manner);
      return;
    } catch (error) {
      if (codeOf(error) !== OTHERWISE) throw error;
      policies?.forget(chunk);
      return apply(client, place, entries, chunk, manner, lockTimeout);
    }
  }
  await sent(client, text, manner);
  let committed: (() => void) | undefined;
  try {
    if (chunk.kind === 'code') {
      await coded(client, chunk);
      // Before the policies, which change more than the schema: rights of the database and of functions of the server.
      const after = new Text();
      afterCode(after, place, lockTimeout);
      await sent(client, after, manner);
    }
    committed = await policies?.apply(client, place.schema, chunk);
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
  const end = new Text();
  closing(end, place, parts);
  await sent(client, end.add('commit'), manner);
  committed?.();
}

export async function coded(
  client: Client,
  { migration: { name }, run }: Chunk & { readonly kind: 'code' },
): Promise<void> {
  await client.query('savepoint tenancy_migration');
  await run(client).catch(async (cause: unknown) => {
    // What it had committed before it failed is there.
    await client.query('rollback to savepoint tenancy_migration').catch((error: DatabaseError) => {
      if (WITHOUT_SAVEPOINT.has(error.code ?? '')) throw leftTransaction(name, cause);
    });
    throw new MigrationError(
      'migration_failed',
      `${name}: ${(cause as Error).message}. Nothing of this migration was applied. Correct it and run again.`,
      { cause },
    );
  });
  await client.query('release savepoint tenancy_migration').catch((cause: unknown) => {
    throw leftTransaction(name, cause);
  });
}

/** No transaction is open, or another one. */
const WITHOUT_SAVEPOINT: ReadonlySet<string> = new Set(['25P01', '3B001']);

function leftTransaction(name: string, cause: unknown): MigrationError {
  return new MigrationError(
    'migration_left_transaction',
    `${name} ends the transaction it runs in, so it cannot be written down together with its changes, some of ` +
      'which may be in the database now. Undo them, let it neither commit nor roll back, and run again.',
    { cause },
  );
}

/** One statement that PostgreSQL takes outside of transactions alone. Its record goes before and after it. */
async function alone(
  client: Client,
  { target, schema }: Place,
  chunk: Chunk & { readonly kind: 'alone' },
): Promise<void> {
  const { migration, statement, alone: kept, done, isBegun } = chunk;
  await client.query(schema === null ? 'reset all' : `set search_path to ${quoteIdentifier(schema)}`);
  if (!(await kept.prepare(client, isBegun))) {
    await client.query(recorded(target, migration, done - 1, { begun: true }));
    try {
      await client.query(statement.text);
    } catch (cause) {
      // An index that could not be made is there all the same.
      await kept.prepare(client, false).catch(() => {});
      throw failed(
        migration,
        statement.line,
        statement.text,
        cause,
        0,
        'Nothing of this statement was applied; what stands before it in the file was.',
      );
    }
  }
  await client.query(recorded(target, migration, done));
}

export async function sent(client: Client, text: Text, { isOneEach }: Pick<Manner, 'isOneEach'>): Promise<void> {
  const answers = (client as unknown as { readonly connection: NodeJS.EventEmitter }).connection;
  let answered = 0;
  const count = () => {
    answered += 1;
  };
  answers.on('commandComplete', count);
  try {
    await client.query(text.sql);
  } catch (cause) {
    // A text that cannot be converted is refused as a whole.
    const character = unconvertible(cause);
    const { origin, start } = character === null ? text.at(answered) : text.saying(character);
    await client.query('rollback').catch(() => {});
    const fault = faultOf(cause);
    if (fault) throw fault;
    if (origin) {
      const position = positionIn(text.sql, cause, start);
      const { migration, statement } = origin;
      const kept = isOneEach && migration.steps.length === 1 ? OF_THE_FILE : 'Nothing of this transaction was applied.';
      throw failed(migration, statement.line, statement.text, cause, position, kept);
    }
    throw known(cause);
  } finally {
    answers.off('commandComplete', count);
  }
}

async function lockForSession(client: Client, target: string): Promise<void> {
  if (await isTrue(client, `select pg_try_advisory_lock(${lockKey(target)}) as answer`)) return;
  throw new MigrationError(
    'migration_busy',
    'another run is at this target. Nothing was done; run again when it has ended.',
  );
}

/** Writes a failure down, so that the target is known to be behind, and why. */
async function write(
  client: Client,
  place: Place,
  entries: readonly LedgerEntry[],
  chunk: Chunk,
  error: unknown,
): Promise<void> {
  const { migration, done } = chunk.kind === 'transaction' ? failedPart(chunk, error) : chunk;
  const before = entries.find(({ name }) => name === migration.name)?.done ?? 0;
  // Another time it may not meet what kept it from its work.
  if (isTransient(error)) return;
  const failure = (error as Error).message;
  const at = chunk.kind === 'alone' ? done - 1 : before;
  // A connection that is gone says nothing any more; the next run sees what is there. Code may have left its role beyond the transaction.
  const record = recorded(place.target, migration, at, { failure });
  await client.query(`set session authorization default; reset all; ${record}`).catch(() => {});
}

function failedPart({ parts }: Chunk & { readonly kind: 'transaction' }, error: unknown) {
  const { migration: failing } = error as Partial<MigrationError>;
  return parts.find(({ migration }) => migration.name === failing) ?? (parts[0] as (typeof parts)[number]);
}

/** The ledger's lines when a chunk is done. */
export function afterwards(entries: readonly LedgerEntry[], chunk: Chunk): readonly LedgerEntry[] {
  const parts = chunk.kind === 'transaction' ? chunk.parts : [chunk];
  const now = new Map(entries.map((entry) => [entry.name, entry]));
  for (const { migration, done } of parts) {
    const { name, checksum, steps } = migration;
    now.set(name, { name, checksum, done, isApplied: done === steps.length, isBegun: false, failure: null });
  }
  return [...now.values()].sort(({ name }, { name: other }) => (name < other ? -1 : 1));
}
