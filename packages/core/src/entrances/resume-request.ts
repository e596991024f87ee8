import { requireFunction } from '../errors/require-function.js';
import { lostOnTheWay } from './lost-on-the-way.js';
import { reenterRequest, storeOf } from './request-entrance.js';

/**
 * Runs `fn` in the context that `request` came in with, whatever context the call comes from: for what runs without the
 * guard, such as a raw handler of Express or Fastify, behind something that went on from a callback of a shared connection.
 *
 * @throws `tenant_context_missing` for a request that came through no entrance.
 * @example
 * ```ts
 * import { resumeRequest } from '@tenancy/core';
 *
 * export const afterLegacySession = (request: object, _response: unknown, next: () => void) => resumeRequest(request, next);
 * ```
 */
export function resumeRequest<R>(request: object, fn: () => R): R {
  requireFunction('resumeRequest', fn);
  const store = storeOf(request);
  if (!store) throw lostOnTheWay();
  return reenterRequest(store, fn);
}
