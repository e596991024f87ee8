import { DatabaseError } from 'pg';
import { type Blocker, namedBlockers } from '../../direct/blockers.js';
import { tryAgain } from '../../direct/try-again.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from '../plan/change-error.js';
import { checkSignal, type Task, tell } from './run.js';
import { watched } from './watched.js';

/** Milliseconds between two tries at the most. */
const LONGEST_PAUSE = 2_000;

/** Lock not available, deadlock detected, and statement out of time: tried again, O29. */
const AGAIN = new Set(['55P03', '40P01', '57014']);

/**
 * Runs `work` in a transaction until it gets its locks, with pauses that grow between the tries, in which writers go on.
 *
 * @throws `change_blocked` naming the sessions in the way, when `giveUpAfter` is over.
 */
export async function patiently(task: Task, work: (attempt: number) => Promise<void>): Promise<void> {
  const { run, step } = task;
  const { lockTimeout, giveUpAfter } = run.limits;
  let blockers: readonly Blocker[] = [];
  const attempt = async (tries: number) => {
    checkSignal(run);
    let seen: readonly Blocker[] = [];
    try {
      await watched(
        run,
        Math.max(10, lockTimeout / 2),
        () => inTransaction(task, () => work(tries)),
        (found) => {
          seen = found;
        },
      );
    } catch (error) {
      checkSignal(run);
      if (seen.length > 0 || tries === 1) blockers = seen;
      throw error;
    }
  };
  await tryAgain(attempt, {
    isAgain: (error) => error instanceof DatabaseError && AGAIN.has(error.code ?? ''),
    patience: giveUpAfter,
    pause: { first: Math.max(20, lockTimeout) * 1.5, longest: LONGEST_PAUSE },
    signal: run.signal,
    onPause: () => tell(task, { state: 'waiting', for: 'lock', blockers }),
    givenUp: (cause, tries) =>
      new ChangeError(
        'change_blocked',
        `${run.name}, step "${step.name}", did not get its lock in ${tries} tries over ${Math.round(giveUpAfter / 1000)} s. ` +
          `In the way: ${namedBlockers(blockers)}. Nothing of this step was done; the steps before it are. ` +
          'End that transaction, or wait for it, and run again.',
        { cause },
      ),
  });
}

async function inTransaction({ run: { worker } }: Task, work: () => Promise<void>): Promise<void> {
  await worker.query('begin');
  try {
    await work();
    await worker.query('commit');
  } catch (error) {
    await worker.query('rollback').catch(() => {});
    throw error;
  }
}

/** Milliseconds after which PostgreSQL has ended an autovacuum that is in the way: it does so for who waits longer than `deadlock_timeout`. */
export async function aboveDeadlock({ run }: Pick<Task, 'run'>): Promise<number> {
  const sql = `select setting::int as timeout from pg_settings where name = 'deadlock_timeout'`;
  const [found] = await readJson<{ timeout: number }>(run.observer, sql);
  return (found?.timeout ?? 1_000) + 1_000;
}
