import type { Client } from 'pg';
import { tryAgain } from '../../direct/try-again.js';
import { AT_WORK, CHANGED } from '../ledger/ledger.js';
import { MigrationError } from '../outcome/migration-error.js';

/** How long something that others keep a lock on is tried again. */
export interface Patience {
  /** Milliseconds. */
  readonly lockPatienceMillis: number;
  /** Milliseconds that one try waits. */
  readonly lockTimeoutMillis: number;
  /** Ends the wait: what others hold then is not tried again. */
  readonly signal: AbortSignal | null;
}

const LOCK_NOT_AVAILABLE = '55P03';
const TRIED_AGAIN = [LOCK_NOT_AVAILABLE, '40P01', '40001'];

/** Between two tries everybody who waits behind the lock has their turn. */
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = 3_000;

/** Milliseconds: PostgreSQL's default is one second. */
const ABOVE_DEADLOCK_TIMEOUT = 1_200;
const TRIES_BEFORE_LONG = 5;

/**
 * Tries until it gets its locks: each try waits for a moment only, since all others wait behind it (O22), and the pauses grow.
 *
 * @throws MigrationError `migration_busy` where another run is at the target; after `lockPatienceMillis`, or when the run is asked to end, what PostgreSQL said.
 */
export async function untilLocked(
  client: Client,
  patience: Patience,
  attempt: (lockTimeout: number) => Promise<void>,
): Promise<void> {
  const { lockTimeoutMillis, lockPatienceMillis, signal } = patience;
  const once = async (tries: number) => {
    const isLong = tries % TRIES_BEFORE_LONG === 0 && (await isBehindAutovacuum(client));
    try {
      await attempt(isLong ? Math.max(lockTimeoutMillis, ABOVE_DEADLOCK_TIMEOUT) : lockTimeoutMillis);
    } catch (error) {
      if (![AT_WORK, CHANGED].includes(codeOf(error) ?? '')) throw error;
      throw new MigrationError(
        'migration_busy',
        `${(error as Error).message}, so what was read of it is no longer true. Nothing was done here; run again.`,
        { cause: error },
      );
    }
  };
  await tryAgain(once, {
    isAgain: (error) => !signal?.aborted && TRIED_AGAIN.includes(codeOf(error) ?? ''),
    patience: lockPatienceMillis,
    pause: { first: SHORTEST_WAIT, longest: LONGEST_WAIT },
    ...(signal && { signal }),
    givenUp: (error) => error,
  });
}

/** Autovacuum makes way for whoever waits for longer than `deadlock_timeout`, and for nobody else. */
async function isBehindAutovacuum(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_stat_activity where datname = current_database() and backend_type = 'autovacuum worker'`,
  );
  return rowCount !== 0;
}

/** The SQLSTATE of an error, or of what caused it. */
export function codeOf(error: unknown): string | undefined {
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : cause === undefined ? undefined : codeOf(cause);
}
