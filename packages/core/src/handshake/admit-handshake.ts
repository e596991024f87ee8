import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import { outsideAnyTenant } from '../context/enter.js';
import type { TenantStore } from '../context/storage.js';
import { explainRefusedBy } from '../entrances/explain-refusal.js';
import { identifyAfter } from '../entrances/late-entrance.js';
import { TenantRequiredError, TenantSourceFailedError } from '../errors/refusals.js';
import { isTenancyError, type TenancyError } from '../errors/tenancy-error.js';
import { requestHost } from '../resolution/host.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import { verifiedPayloads } from '../resolution/verified-payload.js';
import type { Tenant } from '../tenant.js';
import { type HandshakeRequest, type HostnameOf, handshakeRequest } from './handshake-request.js';
import { type AllowedOrigins, requireOwnOrigin } from './origin.js';

const logger = new Logger('Tenancy');

/** The things that an application identifies its handshakes by. */
export interface HandshakeSources {
  readonly resolver: TenantResolver;
  readonly hostnameOf: HostnameOf;
  /** Pages of other hosts that may connect, each list of them on its own terms. */
  readonly origins: readonly AllowedOrigins[];
}

/** A handshake that was looked at: its tenant, or the refusal of it. */
export type Admission = {
  /** The time, in milliseconds since 1970, at which the first of its tokens ends; null where none does. */
  readonly expires: number | null;
  /** Payloads that `fromJwt` has verified, by their keys: {@link keepVerified} puts it where `verifiedPayload` finds it. */
  readonly verified: ReadonlyMap<symbol, object>;
} & (
  | { readonly tenant: Tenant; readonly refusal: null }
  | {
      readonly tenant: null;
      readonly refusal: TenancyError;
      /** True for a page of another host, which no `@Untenanted()` lets in. */
      readonly isForeign: boolean;
    }
);

/**
 * Identifies the tenant of a request that asks for a connection (an upgrade, or the handshake of a protocol above), by all sources of
 * the application, which must agree. Nothing of Nest's has seen it: neither middleware nor guards.
 *
 * Sources of a later moment (`fromSession`) are asked at once, with whatever is on the request by then: a session is where the
 * application runs its session's middleware for such requests itself, and says nothing where it does not.
 *
 * It never rejects; what it refuses is explained at debug level, as it is over HTTP.
 *
 * @param who - what opens the connection, as the log names it
 * @param token - a token that came beside the headers, such as socket.io's `auth.token`: it stands for an `Authorization` header
 */
export async function admitHandshake(
  who: string,
  { resolver, hostnameOf, origins }: HandshakeSources,
  request: IncomingMessage,
  token?: unknown,
): Promise<Admission> {
  // Whoever's context the connection is in, such as that of a request that was kept alive.
  return await outsideAnyTenant(async () => {
    const seen = handshakeRequest(request, token, hostnameOf);
    let isForeign = true;
    try {
      await requireOwnOrigin(seen, origins, resolver.timeout);
      isForeign = false;
      const tenant = await identified(resolver, seen);
      const verified = verifiedPayloads(seen);
      const expires = firstEnd(verified);
      // A source of one's own may not look at it, and the connection would be closed as soon as it is there.
      if (expires !== null && expires <= Date.now())
        throw new TenantRequiredError('the token has expired. Sign in again.');
      return { tenant, refusal: null, expires, verified };
    } catch (error) {
      const refusal = isTenancyError(error)
        ? error
        : new TenantSourceFailedError(`${who} failed; see the cause.`, error);
      explain(who, refusal, isForeign ? null : seen, resolver);
      return { tenant: null, refusal, expires: null, verified: verifiedPayloads(seen), isForeign };
    }
  });
}

/** Pages that were named in the log, each once: they are whatever a stranger sends. */
const named = new Set<string>();

function explain(who: string, refusal: TenancyError, request: HandshakeRequest | null, resolver: TenantResolver): void {
  refusal.report?.(who);
  if (request) {
    explainRefusedBy(
      () => who,
      refusal,
      () => request,
      resolver,
    );
  } else if (named.size < 100 && !named.has(refusal.message)) {
    named.add(refusal.message);
    logger.warn(`${who}: ${refusal.message}`);
  }
}

/** The host that a request was sent to, and the tenant that it names, or the code of its refusal. */
export interface Caller {
  readonly host: string | null;
  readonly tenant: Tenant | null;
  readonly code: string | null;
}

/** The caller of a request of a connection that is open already: it has the sources' answers, and no origin or token beside its headers. */
export function callerOf(
  { resolver, hostnameOf }: Pick<HandshakeSources, 'resolver' | 'hostnameOf'>,
  request: IncomingMessage,
): Promise<Caller> {
  return outsideAnyTenant(async () => {
    const seen = handshakeRequest(request, undefined, hostnameOf);
    const host = requestHost(seen);
    try {
      return { host, tenant: await identified(resolver, seen), code: null };
    } catch (error) {
      return { host, tenant: null, code: isTenancyError(error) ? error.code : 'tenant_source_failed' };
    }
  });
}

async function identified(resolver: TenantResolver, request: HandshakeRequest): Promise<Tenant> {
  const store: TenantStore = { tenant: null, refusal: null };
  try {
    store.tenant = await resolver.resolve(request);
  } catch (error) {
    if (!isTenancyError(error)) throw error;
    store.refusal = error;
  }
  for (const moment of ['middleware', 'guards'] as const) {
    if (resolver.asksAfter(moment)) await identifyAfter(moment, resolver, request, store);
  }
  if (!store.tenant) throw store.refusal ?? new TenantRequiredError();
  return store.tenant;
}

/** Lets `verifiedPayload(connection)` answer for a connection as it does for a request. */
export function keepVerified(connection: object, { verified }: Admission): void {
  for (const [slot, payload] of verified)
    Object.defineProperty(connection, slot, { value: payload, configurable: true });
}

/** The time, in milliseconds since 1970, at which the first of these tokens ends; null where none does. */
export function firstEnd(verified: ReadonlyMap<symbol, object>): number | null {
  let first: number | null = null;
  for (const { exp } of verified.values() as Iterable<{ readonly exp?: unknown }>) {
    if (typeof exp !== 'number' || !Number.isFinite(exp)) continue;
    first = Math.min(first ?? Number.POSITIVE_INFINITY, exp * 1_000);
  }
  return first;
}
