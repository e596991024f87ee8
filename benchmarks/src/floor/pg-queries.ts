import type { Pool } from 'pg';
import type { FloorCase, Job } from './case.js';

export const COLUMNS = 'select "id", "tenantId", "title", "location", "open", "createdAt" from "Job"';

/** Queries that name no tenant, for a pool that knows it. */
export function pgQueries(pool: Pool): FloorCase {
  return {
    byKey: async (id) => (await pool.query<Job>(`${COLUMNS} where "id" = $1`, [id])).rows[0],
    hundredRows: async () => (await pool.query<Job>(`${COLUMNS} order by "id" limit $1`, [100])).rows,
  };
}
