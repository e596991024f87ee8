import { boundPool } from '../bound-pool.js';
import type { OpenCase } from '../case.js';
import { pgQueries } from '../pg-queries.js';

export const boundPg: OpenCase = async (databases, context) => pgQueries(await boundPool(databases, context));
