import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { ask, isTrue } from '../../protocol/ask.js';
import { RUN_KEY } from '../ledger/ledger.js';
import { MigrationError } from '../outcome/migration-error.js';
import type { MigrationProgress } from './migrate-options.js';
import type { MigrateSettings } from './resolve-options.js';
import { APPLICATION } from './session.js';

const SHORTEST_POLL = 20;
const LONGEST_POLL = 1_000;

/** Milliseconds that what a killed run left on the server may go on, before it is ended. */
const ORPHANS_END = 10_000;

/**
 * Makes this run the only one on its database, and sees that nothing of an earlier one goes on there. It asks again and again: a run that
 * waited in PostgreSQL would be one of those for which CREATE INDEX CONCURRENTLY waits (O16).
 *
 * @throws MigrationError `migration_busy` when another run is not over in time.
 */
export async function takeRunLock(
  client: Client,
  name: string,
  { busyTimeoutMillis, onProgress, signal }: Pick<MigrateSettings, 'busyTimeoutMillis' | 'onProgress' | 'signal'>,
): Promise<void> {
  const until = Date.now() + busyTimeoutMillis;
  let isTold = false;
  for (let wait = SHORTEST_POLL; !(await isTaken(client)); wait = Math.min(wait * 2, LONGEST_POLL)) {
    if (Date.now() >= until || signal?.aborted) {
      throw new MigrationError(
        'migration_busy',
        'another run is at work on this database. Nothing was done; run again when it has ended.',
      );
    }
    if (!isTold) onProgress({ type: 'busy', message: 'another run is at work on this database; waiting for it' });
    isTold = true;
    const pause = Math.min(wait, Math.max(0, until - Date.now()));
    await sleep(pause, undefined, signal ? { signal } : {}).catch(() => {});
  }
  await outliveOrphans(client, name, onProgress);
}

async function isTaken(client: Client): Promise<boolean> {
  return isTrue(client, `select pg_try_advisory_lock(${RUN_KEY}) as answer`);
}

/** A server process goes on for a while after its runner was killed, and may still commit (O15). */
async function outliveOrphans(
  client: Client,
  name: string,
  onProgress: (event: MigrationProgress) => void,
): Promise<void> {
  const until = Date.now() + ORPHANS_END;
  let isTold = false;
  for (let wait = SHORTEST_POLL; ; wait = Math.min(wait * 2, LONGEST_POLL)) {
    const rows = await ask<'pid'>(
      client,
      `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and starts_with(application_name, $1) and application_name <> $2 and state is distinct from 'idle'`,
      [APPLICATION, name],
    );
    if (rows.length === 0) return;
    if (!isTold)
      onProgress({ type: 'orphan', message: 'a run that was killed is still at work on the server; waiting for it' });
    isTold = true;
    if (Date.now() >= until) {
      onProgress({ type: 'orphan', message: 'what a killed run left at work was ended' });
      await client.query('select pg_terminate_backend(pid, 5000) from unnest($1::int[]) pid', [
        rows.map(({ pid }) => pid),
      ]);
      return;
    }
    await sleep(wait);
  }
}
