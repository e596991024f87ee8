import type { PostgresBackend } from './backend.js';
import { installed } from './postgres-install.js';
import type { Places } from './queue-turns.js';
import { AT_ONCE, LAST_TAG, MOVED_DOWN_FROM } from './tags.js';

/** Places from one function of ours in BullMQ's schema, in one statement. */
export async function postgresPlaces({ pool }: PostgresBackend, queue: string): Promise<Places> {
  await installed(pool);
  const values = [queue, MOVED_DOWN_FROM, AT_ONCE, LAST_TAG];
  return async () => {
    const { rows } = await pool.query('SELECT tenancy_fair_places_v1($1, $2, $3, $4) AS more', values);
    return rows[0]?.['more'] === true;
  };
}
