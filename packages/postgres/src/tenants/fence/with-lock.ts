import type { ClientBase, DatabaseError } from 'pg';
import { tryAgain } from '../../direct/try-again.js';
import { TenantsError } from '../tenants-error.js';

/** How long a lock on a table in use is waited for. */
export interface LockPatience {
  /** Milliseconds of one try, for which writers may wait behind it (O22). */
  readonly lockTimeoutMillis: number;
  /** Milliseconds of all tries. */
  readonly lockPatienceMillis: number;
  readonly signal: AbortSignal | undefined;
}

/** Lock not available, deadlock detected, and a catalog row that somebody else just changed. */
const AGAIN = new Set(['55P03', '40P01', 'XX000']);

/** Milliseconds between two tries at the most. */
const LONGEST_PAUSE = 1_000;

/**
 * Runs `work` in a transaction until it gets its locks, with pauses between the tries in which writers go on.
 *
 * @throws TenantsError `operation_failed` when `lockPatienceMillis` is over, `operation_interrupted`.
 */
export async function withLock(
  client: ClientBase,
  what: string,
  { lockTimeoutMillis, lockPatienceMillis, signal }: LockPatience,
  work: () => Promise<void>,
): Promise<void> {
  const attempt = async (tries: number) => {
    checkInterrupted(signal);
    try {
      // O23: an autovacuum ends for who waits longer than a second.
      const timeout = tries % 8 === 0 ? Math.max(lockTimeoutMillis, 1_500) : lockTimeoutMillis;
      await client.query(`begin; set local lock_timeout = ${timeout}`);
      await work();
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    }
  };
  await tryAgain(attempt, {
    isAgain: (error) => AGAIN.has((error as DatabaseError).code ?? ''),
    patience: lockPatienceMillis,
    pause: { first: lockTimeoutMillis * 1.5, longest: LONGEST_PAUSE },
    signal,
    givenUp: (cause, tries) =>
      new TenantsError(
        'operation_failed',
        `${what} did not get its lock in ${tries} tries over ${Math.round(lockPatienceMillis / 1_000)} s: a transaction that is open longer is in the ` +
          'way. What is done is written down. End that transaction, or wait for it, and run again.',
        { cause },
      ),
  });
}

/** @throws TenantsError `operation_interrupted` where the signal says to stop. */
export function checkInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new TenantsError(
    'operation_interrupted',
    'the signal ended it. What is done is written down, and the same call goes on from there.',
    { cause: signal.reason },
  );
}
