import { nodeRequest } from './tenant-source.js';

const SLOTS = '@tenancy/core:verified-payload:';

/** Key of the payload that a source of that name has verified. */
export const payloadSlot = (source: string): symbol => Symbol.for(`${SLOTS}${source}`);

/** The name of a source that is told none. */
export const JWT = 'jwt';

const usual = payloadSlot(JWT);

type Verified = Record<symbol, object | undefined>;

/**
 * The payload that `fromJwt` verified for this request, so that nobody verifies twice; `undefined` when there was no
 * valid token. Of several `fromJwt` under one name it is the first one's that has found a valid token; `source` is the `name` of
 * the one that is meant. It says who signed in, and says nothing about whether the request was let in: that is the guard's word.
 *
 * @example
 * ```ts
 * import { verifiedPayload } from '@tenancy/core';
 *
 * function userId(request: object): string | undefined {
 *   return verifiedPayload<{ sub: string }>(request)?.sub;
 * }
 * ```
 */
export function verifiedPayload<Payload extends object = Record<string, unknown>>(
  request: object,
  source?: string,
): Payload | undefined {
  const slot = source === undefined ? usual : payloadSlot(source);
  return (nodeRequest(request) as Verified)[slot] as Payload | undefined;
}

export function keepVerifiedPayload(request: object, slot: symbol, payload: object): void {
  (nodeRequest(request) as Verified)[slot] ??= payload;
}

/** All payloads that have been verified for `request`, by their keys. */
export function verifiedPayloads(request: object): ReadonlyMap<symbol, object> {
  const node = nodeRequest(request) as Verified;
  const slots = Object.getOwnPropertySymbols(node).filter((key) => Symbol.keyFor(key)?.startsWith(SLOTS));
  return new Map(slots.flatMap((slot) => (node[slot] ? [[slot, node[slot]] as const] : [])));
}
