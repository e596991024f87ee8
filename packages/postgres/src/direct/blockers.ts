import type { ClientBase } from 'pg';
import { readJson } from '../protocol/read-json.js';

/** A session that a run waits for. Its statement is not among what is told, as that may hold a row. */
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

/** Columns of a {@link Blocker}, of `pg_stat_activity a`. */
export const BLOCKER = `a.pid, a.usename as role, coalesce(a.application_name, '') as application, a.state, a.backend_type as kind,
    round(extract(epoch from clock_timestamp() - a.xact_start))::int as seconds`;

/** Sessions that those of `pids` wait for at this moment, themselves not among them. */
export function readBlockers(client: ClientBase, pids: readonly number[]): Promise<Blocker[]> {
  return readJson<Blocker>(
    client,
    `select distinct ${BLOCKER}
      from unnest($1::int[]) waiting (pid), unnest(pg_blocking_pids(waiting.pid)) blocking (pid) join pg_stat_activity a on a.pid = blocking.pid
      where a.pid <> all ($1)`,
    [pids],
  );
}

/** A blocker in words, for an error or a log. */
export function namedBlocker({ pid, role, application, state, kind, seconds }: Blocker): string {
  const who = kind === null || kind === 'client backend' ? `role ${role ?? 'unknown'}` : kind;
  const since = seconds === null ? '' : `, transaction open for ${seconds} s`;
  return `process ${pid} (${who}${application === '' ? '' : `, ${JSON.stringify(application)}`}, ${state ?? 'active'}${since})`;
}

export function namedBlockers(blockers: readonly Blocker[]): string {
  if (blockers.length === 0) return 'a session that had gone when it was looked for';
  return blockers.map(namedBlocker).join(', ');
}
