import { setTimeout as sleep } from 'node:timers/promises';
import { type Blocker, readBlockers } from '../../direct/blockers.js';
import type { Run } from './run.js';

/** True while others wait for what the worker holds. */
export async function isWaitedFor({ observer, workerPid }: Run): Promise<boolean> {
  const waiting = `select from pg_stat_activity
    where wait_event_type = 'Lock' and datname = current_database() and $1 = any(pg_blocking_pids(pid)) limit 1`;
  return (await observer.query(waiting, [workerPid])).rowCount === 1;
}

/** Looks every `interval` milliseconds whom the worker waits for while `work` is under way. */
export async function watched<R>(
  { observer, workerPid }: Run,
  interval: number,
  work: () => Promise<R>,
  seen: (blockers: readonly Blocker[]) => void | Promise<void>,
): Promise<R> {
  const done = new AbortController();
  const watching = (async () => {
    while (!done.signal.aborted) {
      await sleep(interval, undefined, { signal: done.signal }).catch(() => {});
      if (done.signal.aborted) return;
      const blockers = await readBlockers(observer, [workerPid]);
      if (blockers.length > 0) await seen(blockers);
    }
    // A look that fails is one that was not taken: the work has its own outcome.
  })().catch(() => {});
  try {
    return await work();
  } finally {
    done.abort();
    await watching;
  }
}
