import type { PostgresBackend } from './backend.js';
import { installed } from './postgres-schema.js';
import type { Tags } from './queue-clock.js';
import { SETTLED_AFTER } from './settled.js';
import { LAST_PRIORITY } from './tags.js';

/** Start tags from one function of ours in BullMQ's schema, in one statement. */
export async function postgresTags({ pool }: PostgresBackend, queue: string): Promise<Tags> {
  await installed(pool);
  return async (asked) => {
    const { rows } = await pool.query('SELECT tenancy_fair_tags($1, $2, $3, $4, $5, $6) AS starts', [
      queue,
      asked.map(({ lane }) => lane),
      asked.map(({ count }) => count),
      asked.map(({ step }) => step),
      SETTLED_AFTER,
      LAST_PRIORITY,
    ]);
    const [row] = rows as { starts: (number | string)[] }[];
    return (row?.starts ?? []).map(Number);
  };
}
