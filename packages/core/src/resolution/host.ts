import { parseHost } from '../host-name.js';
import { memoized } from './memoized.js';
import { wasSentTwice } from './sent-twice.js';
import type { TenantRequest } from './tenant-source.js';

/** The host name that a request was sent to, on the terms of `parseHost`; `null` also when the request names two. */
export function requestHost(request: TenantRequest): string | null {
  const sent = sentHost(request);
  return sent === null ? null : parsed(sent);
}

const parsed = memoized(parseHost);

/**
 * The `Host` value that counts, as it was sent; `''` when there is none, `null` when the request names two.
 *
 * `X-Forwarded-Host` counts exactly when the HTTP adapter trusts the proxy (`trust proxy`, `trustProxy`).
 */
export function sentHost(request: TenantRequest): string | null {
  const { headers } = request;
  const authority = headers[':authority'];
  if (authority !== undefined && headers.host !== undefined && authority !== headers.host) return null;
  const sent = headers.host ?? (authority as string | undefined);
  if (wasSentTwice(request, 'host')) return null;
  // With an absolute-form target (`GET http://acme.test/ HTTP/1.1`) servers and proxies differ in which host they obey.
  const target = (request.raw ?? request).url;
  if (target !== undefined && target.charCodeAt(0) !== SLASH && target !== '*') {
    if (!URL.canParse(target) || parseHost(new URL(target).host) !== parseHost(sent)) return null;
  }
  return (headers['x-forwarded-host'] === undefined ? sent : (request.hostname ?? sent)) ?? '';
}

const SLASH = '/'.charCodeAt(0);
