import type { PostgresBackend } from './backend.js';
import { installed } from './postgres-install.js';
import type { Tags } from './queue-clock.js';
import { AT_ONCE, MOVED_DOWN_FROM, SETTLED_AFTER } from './settled.js';
import { LAST_TAG } from './tags.js';

/** Tags from one function of ours in BullMQ's schema, in one statement. */
export async function postgresTags({ pool }: PostgresBackend, queue: string): Promise<Tags> {
  await installed(pool);
  return async (asked) => {
    const { rows } = await pool.query('SELECT starts, more FROM tenancy_fair_tags_v1($1, $2, $3, $4, $5, $6, $7, $8)', [
      queue,
      asked.map(({ lane }) => lane),
      asked.map(({ count }) => count),
      asked.map(({ step }) => step),
      ...[SETTLED_AFTER, MOVED_DOWN_FROM, AT_ONCE, LAST_TAG],
    ]);
    const [row] = rows as { starts: (number | string)[]; more: boolean }[];
    return { starts: (row?.starts ?? []).map(Number), more: row?.more ?? false };
  };
}
