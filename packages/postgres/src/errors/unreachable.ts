import { TenantFloorError } from './tenant-floor-error.js';

/** @param timeout - milliseconds that were waited for it */
export function unreachable(timeout: number, cause?: unknown): TenantFloorError {
  return new TenantFloorError(
    'database_unreachable',
    `the database did not answer within ${Math.round(timeout)} ms, so the connection was given up. Look whether the server is there and ` +
      "answers; where it takes longer, set the pool's option `connectionTimeoutMillis`.",
    cause === undefined ? undefined : { cause },
  );
}
