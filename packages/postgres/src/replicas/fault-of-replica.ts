import { isTenantFloorError } from '../errors/tenant-floor-error.js';

/**
 * True for what the primary may answer instead: the replica is not far enough or is none any more, its connection was lost, or it ended the
 * query for the sake of its replay (`40001`, `40P01`).
 *
 * Source: https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-CONFLICT
 */
export function isFaultOfReplica(error: unknown): boolean {
  if (isTenantFloorError(error)) return ['replica_behind', 'database_unreachable'].includes(error.code);
  const { code } = (error ?? {}) as { readonly code?: unknown };
  // What pg says of a connection that broke has no code.
  if (typeof code !== 'string') return error instanceof Error && error.message.startsWith('Connection terminated');
  return /^(?:08|57P|40001$|40P01$|ECONN|EPIPE$)/.test(code);
}

/** True for a query that may be sent again: one that sends itself has told its caller of what went before. */
export function isReplayable(query: unknown, { reading }: { readonly reading: unknown }): boolean {
  return reading !== undefined && typeof (query as { readonly submit?: unknown } | null)?.submit !== 'function';
}
