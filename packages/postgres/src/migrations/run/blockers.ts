import type { Client } from 'pg';
import { ask } from '../../protocol/ask.js';

/** Names who holds what the connections of a run wait for. */
export async function blockersOf(control: Client, pids: readonly number[]): Promise<readonly string[]> {
  const rows = await ask<'blocker'>(
    control,
    `select distinct format('process %s (%s%s, %s for %s s): %s', b.pid, b.usename,
        case when b.application_name = '' then '' else ', ' || b.application_name end, b.state,
        round(extract(epoch from clock_timestamp() - coalesce(b.xact_start, b.query_start))), left(b.query, 80)) as blocker
      from unnest($1::int[]) waiting (pid), unnest(pg_blocking_pids(waiting.pid)) blocking (pid)
        join pg_stat_activity b on b.pid = blocking.pid
      where b.pid <> all ($1)`,
    [pids],
  );
  return rows.map(({ blocker }) => blocker as string);
}
