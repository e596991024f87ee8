import pg from 'pg';
import type { Job, OpenCase } from '../case.js';
import { COLUMNS } from '../pg-queries.js';
import { poolOptions } from '../pool-options.js';

/** The tenant in every `WHERE`, written by hand and held by nothing. */
export const wherePg: OpenCase = async ({ withoutPolicies }, context) => {
  const pool = new pg.Pool(poolOptions(withoutPolicies));
  const [one, hundred] = [
    `${COLUMNS} where "id" = $1 and "tenantId" = $2`,
    `${COLUMNS} where "tenantId" = $1 order by "id" limit $2`,
  ];
  return {
    byKey: async (id) => (await pool.query<Job>(one, [id, context.tenantId])).rows[0],
    hundredRows: async () => (await pool.query<Job>(hundred, [context.tenantId, 100])).rows,
  };
};
