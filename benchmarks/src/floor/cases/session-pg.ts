import type { OpenCase } from '../case.js';
import { pgQueries } from '../pg-queries.js';
import { poolOptions } from '../pool-options.js';
import { SessionPool } from '../session-pool.js';

export const sessionPg: OpenCase = async ({ withPolicies }, context) =>
  pgQueries(new SessionPool(poolOptions(withPolicies), context));
