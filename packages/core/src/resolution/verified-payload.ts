import { nodeRequest } from './tenant-source.js';

const PAYLOAD = Symbol.for('@tenancy/core:verified-payload');

interface Verified {
  [PAYLOAD]?: object | undefined;
}

/**
 * The payload that `fromJwt` verified for this request, so that nobody verifies twice; `undefined` when there was no
 * valid token. It says who signed in, and says nothing about whether the request was let in: that is the guard's word.
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
): Payload | undefined {
  return (nodeRequest(request) as Verified)[PAYLOAD] as Payload | undefined;
}

export function keepVerifiedPayload(request: object, payload: object): void {
  (nodeRequest(request) as Verified)[PAYLOAD] = payload;
}
