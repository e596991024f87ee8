/** A session that a change waits for. */
export interface Blocker {
  readonly pid: number;
  readonly role: string | null;
  readonly application: string;
  /** As `pg_stat_activity` says: `idle in transaction`, for one. */
  readonly state: string | null;
  /** Kind of the server process, as `client backend` or `autovacuum worker`; null where this role may not know. */
  readonly kind: string | null;
  /** Seconds for which its transaction has been open. */
  readonly seconds: number | null;
}

/** A moment of a change, as `onProgress` is told. */
export interface ChangeProgress {
  /** Name of the change. */
  readonly change: string;
  /** Name of the step. */
  readonly step: string;
  /** Number of the step, from 1 on, and of all. */
  readonly number: number;
  readonly of: number;
  /**
   * - `started`, `done`: a step begins and ends.
   * - `filling`: a batch of a backfill was committed.
   * - `waiting`: for `blockers`, for a replica or for another run, as `for` says.
   */
  readonly state: 'started' | 'filling' | 'waiting' | 'done';
  readonly for?: 'lock' | 'replica' | 'run';
  readonly blockers?: readonly Blocker[];
  /** Rows that the backfill has been past, of about `estimate`. */
  readonly rows?: number;
  readonly estimate?: number;
  /** Rows in a second. */
  readonly rate?: number;
  readonly endsAt?: Date;
}

/** A line for an error or a log: who is waited for. It shows no statement, as that may hold a row. */
export function namedBlockers(blockers: readonly Blocker[]): string {
  if (blockers.length === 0) return 'a session that had gone when it was looked for';
  return blockers
    .map(({ pid, role, application, state, kind, seconds }) => {
      const who = kind === null || kind === 'client backend' ? `role ${role ?? 'unknown'}` : kind;
      const since = seconds === null ? '' : `, transaction open for ${seconds} s`;
      return `process ${pid} (${who}${application === '' ? '' : `, ${JSON.stringify(application)}`}, ${state ?? 'active'}${since})`;
    })
    .join(', ');
}
