import type { PostgresBackend } from './backend.js';
import { installed } from './postgres-install.js';
import type { Places } from './queue-turns.js';
import { AT_ONCE, LAST_TAG, MOVED_DOWN_FROM, SETTLED_AFTER } from './tags.js';

/** Places from one function of ours in BullMQ's schema, in one statement. */
export async function postgresPlaces({ pool }: PostgresBackend, queue: string): Promise<Places> {
  await installed(pool);
  const always = [queue, SETTLED_AFTER, MOVED_DOWN_FROM, AT_ONCE, LAST_TAG];
  const call = async (lanes: readonly string[], lengths: readonly number[]) => {
    const text = 'SELECT starts, more FROM tenancy_fair_v1($1, $2, $3, $4, $5, $6, $7)';
    const { rows } = await pool.query(text, [...always, lanes, lengths]);
    const [row] = rows as { starts: number[]; more: boolean }[];
    return row ?? { starts: [], more: false };
  };
  return {
    place: async () => (await call([], [])).more,
    starts: async (asked) =>
      (
        await call(
          asked.map(({ lane }) => lane),
          asked.map(({ count, step }) => count * step),
        )
      ).starts,
  };
}
