import type { ClientBase } from 'pg';
import { readJson } from '../../protocol/read-json.js';

/**
 * Follows how far the replicas are behind, in milliseconds: each place in the log that was reached is remembered with its time, as the
 * server's own `replay_lag` of a replica that stands still does not grow.
 */
export class Replicas {
  readonly #places: { readonly lsn: string; readonly at: number }[] = [];

  /** True while a replica has not replayed what was written `lag` milliseconds ago. */
  async areBehind(client: ClientBase, lag: number): Promise<boolean> {
    const [now] = await readJson<{ lsn: string; slowest: string | null }>(
      client,
      `select pg_current_wal_lsn()::text as lsn,
        (select min(coalesce(replay_lsn, '0/0')) from pg_stat_replication where state = 'streaming')::text as slowest`,
    );
    if (!now) return false;
    this.#places.push({ lsn: now.lsn, at: Date.now() });
    // What all of them have replayed is of no interest any more.
    while (this.#places[0] && (now.slowest === null || bytes(this.#places[0].lsn) <= bytes(now.slowest))) {
      this.#places.shift();
    }
    const [oldest] = this.#places;
    return oldest !== undefined && Date.now() - oldest.at > lag;
  }
}

function bytes(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}
