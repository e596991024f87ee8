import type { Client } from 'pg';
import type { LedgerEntry } from '../ledger/ledger.js';
import { MigrationError } from '../outcome/migration-error.js';
import { coded, sent } from './apply.js';
import type { Squashed, SquashedChunk } from './squashed.js';
import { afterCode, asOpened, beforeCode, closing, opening, type Place, statements, Text } from './transaction-text.js';
import { codeOf, type Patience, untilLocked } from './until-locked.js';

/** How {@link applySquashed} makes a place. */
export interface SquashedManner extends Patience {
  /** Runs after the statements; null where nothing does. */
  readonly policies: ((client: Client) => Promise<void>) | null;
  /** Statements of the same transaction, after all others. */
  readonly after: readonly string[];
}

const AT_ONCE = { isOneEach: false };
const UNSAFE_ENUM_VALUE = '55P04';

/**
 * Makes all that a place has, in a transaction that stays open: nothing of it is there for others until the caller commits it.
 *
 * @throws MigrationError `migration_failed` and the like, `migration_busy`; then nothing was done.
 */
export async function applySquashed(
  client: Client,
  place: Place,
  entries: readonly LedgerEntry[],
  { chunks, migrations }: Squashed,
  { policies, after, ...patience }: SquashedManner,
): Promise<void> {
  const parts = migrations.map((migration) => ({ migration, done: migration.steps.length }));
  const attempt = async (lockTimeout: number) => {
    let text = new Text().add('begin');
    opening(text, place, entries, lockTimeout);
    for (const chunk of chunks) {
      if (chunk.kind === 'transaction') statements(text, place, chunk.parts);
      else text = await between(client, text, place, chunk, lockTimeout);
    }
    if (policies) {
      await sent(client, text, AT_ONCE);
      await policies(client);
      text = new Text();
    }
    closing(text, place, parts);
    for (const statement of after) text.add(statement);
    await sent(client, text, AT_ONCE);
  };
  try {
    await untilLocked(client, patience, async (lockTimeout) => {
      try {
        await attempt(lockTimeout);
      } catch (error) {
        await client.query('rollback').catch(() => {});
        throw error;
      }
    });
  } catch (error) {
    throw codeOf(error) === UNSAFE_ENUM_VALUE ? unsafeValue(error as MigrationError) : error;
  }
}

/** Runs code after what stands before it. What it may not leave is looked for in the text that is returned. */
async function between(
  client: Client,
  text: Text,
  place: Place,
  chunk: SquashedChunk & { readonly kind: 'code' },
  lockTimeout: number,
): Promise<Text> {
  asOpened(text, place, lockTimeout);
  beforeCode(text, place);
  await sent(client, text, AT_ONCE);
  await coded(client, chunk);
  const next = new Text();
  afterCode(next, place, lockTimeout);
  return next;
}

function unsafeValue(cause: MigrationError): MigrationError {
  return new MigrationError(
    'migration_refused',
    `${cause.message.replace(/^migration_failed: /, '')} A value that an earlier migration adds to an enum is used here, which PostgreSQL before 17 ` +
      'takes only in a later transaction, and a new place is made in one. Give `tenantPlaces` a `baseline` that ends at this file or after it.',
    { cause, ...(cause.migration === undefined ? {} : { migration: cause.migration }) },
  );
}
