import type { PoolConfig } from 'pg';

/** The pool of every case: half as many connections as callers, and none closed while another case has its turn. */
export const poolOptions = (connectionString: string) =>
  ({ connectionString, max: 10, idleTimeoutMillis: 0 }) satisfies PoolConfig;
