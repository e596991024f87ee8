import { TenantRequiredError } from '../errors/refusals.js';
import { requireFunction } from '../errors/require-function.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import { nodeRequest, type TenantRequest } from '../resolution/tenant-source.js';
import { rememberWhole } from '../resolution/whole-request.js';
import { identifyAfter } from './late-entrance.js';
import { lostOnTheWay } from './lost-on-the-way.js';
import { reenterRequest, storeOf } from './request-entrance.js';

const RESOLVER = Symbol.for('@tenancy/core:late-resolver');

interface LateEntered {
  [RESOLVER]?: TenantResolver;
}

/** For an application with sources of a later moment alone: all others have been asked when a request has entered. */
export function askLater(resolver: TenantResolver, request: TenantRequest): void {
  rememberWhole(request);
  (nodeRequest(request) as LateEntered)[RESOLVER] = resolver;
}

/**
 * Runs `fn` as the tenant that all sources agree on, those of a later moment included (`fromSession`, `fromRequest`): what the
 * guard does for handlers, for what runs without it, such as a raw handler of Express or Fastify behind a session.
 *
 * `fn` runs in the context that `request` came in with, whatever context the call comes from.
 * Call it where the session has been read: on Fastify not in a middleware, which runs before its plugins, but in a route or a `preHandler` hook.
 *
 * @throws the refusal of the request, as a rejection: `tenant_required`, `tenant_mismatch`, …; `tenant_context_missing` for a
 * request that came through no entrance.
 * @example
 * ```ts
 * import { admitRequest, TenantContext } from '@tenancy/core';
 *
 * const context = new TenantContext();
 *
 * // app.use('/export', exportAll): behind the session's middleware
 * export const exportAll = (request: object, response: { end(text: string): void }, next: (error: unknown) => void) =>
 *   admitRequest(request, () => response.end(`everything of ${context.tenantId}`)).catch(next);
 * ```
 */
export async function admitRequest<R>(request: object, fn: () => R | Promise<R>): Promise<R> {
  requireFunction('admitRequest', fn);
  const store = storeOf(request);
  if (!store) throw lostOnTheWay();
  const resolver = (nodeRequest(request) as LateEntered)[RESOLVER];
  return reenterRequest(store, async () => {
    for (const moment of ['middleware', 'guards'] as const) {
      if (resolver?.asksAfter(moment)) await identifyAfter(moment, resolver, request as TenantRequest, store);
    }
    if (!store.tenant) throw store.refusal ?? new TenantRequiredError();
    return await fn();
  });
}
