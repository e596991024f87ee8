import type { Client } from 'pg';
import { BLOCKER, type Blocker } from '../../direct/blockers.js';
import { readJson } from '../../protocol/read-json.js';
import { pause, type Run } from './run.js';

/** Beginning of the name of every connection; the change's id, the run's id and the connection's part follow. */
const APPLICATION = 'tenancy change';

export function applicationName(id: string, run: string, part: 'worker' | 'observer'): string {
  return `${APPLICATION} ${id} ${run} ${part}`;
}

/** A session that holds the lock, and whether the run that it belonged to is gone. */
interface Holder extends Blocker {
  readonly isOrphan: boolean;
}

const HOLDERS = `
  select ${BLOCKER},
    a.application_name ~ '^${APPLICATION} [0-9a-f]+ [0-9a-f]+ worker$' and not exists (
      select from pg_stat_activity o where o.datname = a.datname
        and o.application_name = regexp_replace(a.application_name, 'worker$', 'observer')) as "isOrphan"
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended($1, 0)`;

/**
 * Keeps every other run of the same table out for as long as the session lives. It is asked for again and again, and never waited
 * for: a session that waits has a snapshot, for which an index that is built concurrently waits in turn (O16).
 *
 * A run that was killed may live on in its server process (O15). Its observer does nothing but listen, so that it is gone at once; a
 * worker that has none any more is ended.
 */
export async function lockTable(
  worker: Client,
  key: string,
  run: Pick<Run, 'name' | 'signal'>,
  waiting: (holders: readonly Blocker[]) => void,
): Promise<void> {
  let orphans: ReadonlySet<number> = new Set();
  for (let tries = 1; ; tries += 1) {
    const [got] = await readJson<{ locked: boolean }>(
      worker,
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked',
      [key],
    );
    if (got?.locked) return;
    const holders = await readJson<Holder>(worker, HOLDERS, [key]);
    waiting(holders);
    // Seen twice: one that is just ending has closed its observer, and its worker in the next moment.
    for (const { pid, isOrphan } of holders) {
      if (isOrphan && orphans.has(pid)) await worker.query('select pg_terminate_backend($1)', [pid]);
    }
    orphans = new Set(holders.filter(({ isOrphan }) => isOrphan).map(({ pid }) => pid));
    await pause(run, Math.min(1_000, 50 * 1.5 ** tries));
  }
}
