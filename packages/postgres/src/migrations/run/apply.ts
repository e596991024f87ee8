import { type Client, DatabaseError } from 'pg';
import { lineOfPosition } from '../../parser/parse-sql.js';
import { quoteIdentifier } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import { GONE, type LedgerEntry, lockKey, recorded } from '../ledger/ledger.js';
import type { PendingMigration } from '../ledger/pending-migrations.js';
import { MigrationError } from '../outcome/migration-error.js';
import type { Migration } from '../source/migration.js';
import { type Chunk, chunksOf } from './chunks.js';
import { LEFT, leftSchema } from './schema-statements.js';
import { closing, opening, type Place, statements, Text } from './transaction-text.js';
import { type Patience, untilLocked } from './until-locked.js';

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
  /** Runs inside of each transaction after its statements; null where nothing does. */
  readonly policies: ((client: Client) => Promise<void>) | null;
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
  const isAtOnce = chunk.kind === 'transaction' && manner.policies === null;
  const text = new Text().add('begin');
  opening(text, place, entries, lockTimeout);
  if (chunk.kind === 'transaction') statements(text, place, chunk.parts);
  const parts = chunk.kind === 'transaction' ? chunk.parts : [chunk];
  if (isAtOnce) {
    closing(text, place, parts);
    await sent(client, text.add('commit'), manner);
    return;
  }
  await sent(client, text, manner);
  try {
    if (chunk.kind === 'code') await coded(client, chunk);
    await manner.policies?.(client);
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
  const end = new Text();
  // Code says nothing beforehand of what it names.
  if (chunk.kind === 'code' && place.schema !== null) end.add(leftSchema(place.schema, place.shared));
  closing(end, place, parts);
  await sent(client, end.add('commit'), manner);
}

async function coded(client: Client, { migration: { name }, run }: Chunk & { readonly kind: 'code' }): Promise<void> {
  await client.query('savepoint tenancy_migration');
  await run(client).catch((cause: unknown) => {
    throw new MigrationError(
      'migration_failed',
      `${name}: ${(cause as Error).message}. Nothing of this migration was applied. Correct it and run again.`,
      { cause },
    );
  });
  await client.query('release savepoint tenancy_migration').catch((cause: unknown) => {
    throw new MigrationError(
      'migration_left_transaction',
      `${name} ends the transaction it runs in, so it cannot be written down together with its changes, some of ` +
        'which may be in the database now. Undo them, let it neither commit nor roll back, and run again.',
      { cause },
    );
  });
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
      throw failed(migration, statement.line, statement.text, cause);
    }
  }
  await client.query(recorded(target, migration, done));
}

export async function sent(client: Client, text: Text, { isOneEach }: Manner): Promise<void> {
  const answers = (client as unknown as { readonly connection: NodeJS.EventEmitter }).connection;
  let answered = 0;
  const count = () => {
    answered += 1;
  };
  answers.on('commandComplete', count);
  try {
    await client.query(text.sql);
  } catch (cause) {
    const { origin, start } = text.at(answered);
    await client.query('rollback').catch(() => {});
    if (origin) {
      const position = positionIn(text.sql, cause, start);
      throw failed(origin.migration, origin.statement.line, origin.statement.text, cause, position, isOneEach);
    }
    throw known(cause);
  } finally {
    answers.off('commandComplete', count);
  }
}

/** The place of an error in the statement that begins at `start`, in whole characters as PostgreSQL counts. */
function positionIn(sql: string, cause: unknown, start: number): number {
  const position = cause instanceof DatabaseError ? Number(cause.position) : Number.NaN;
  return Number.isNaN(position) ? 0 : Math.max(0, position - 1 - Array.from(sql.slice(0, start)).length);
}

function failed(
  { name }: Migration,
  line: number,
  text: string,
  cause: unknown,
  position = 0,
  isOneEach = true,
): MigrationError {
  const at = line + lineOfPosition(text, position) - 1;
  const kept = isOneEach
    ? 'Nothing of this file was applied; the files before it were.'
    : 'Nothing of this transaction was applied.';
  return new MigrationError(
    'migration_failed',
    `${name}, line ${at}: ${(cause as Error).message}. ${kept} Correct it and run again.`,
    { cause, migration: name },
  );
}

/** Puts into words what a statement of our own says. */
function known(cause: unknown): unknown {
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
  const failure = (error as Error).message;
  const at = chunk.kind === 'alone' ? done - 1 : before;
  // A connection that is gone says nothing any more; the next run sees what is there.
  await client.query(recorded(place.target, migration, at, { failure })).catch(() => {});
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
