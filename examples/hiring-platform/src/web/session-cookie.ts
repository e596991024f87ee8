import type { TenantRequest } from '@tenancy/core';
import type { CookieOptions } from 'express';
import type { Protocol } from '../settings/settings.js';

/**
 * The cookie that holds the token of who signed in on a page. With `https` browsers take one of this name from the host itself
 * alone, so that no page of another company's can plant it.
 */
export function sessionName(protocol: Protocol): string {
  return protocol === 'https' ? '__Host-hiring_session' : 'hiring_session';
}

/** The token of a request: of a program in `Authorization`, or of a browser in the cookie. */
export function tokenOf({ headers }: TenantRequest, protocol: Protocol): string | null {
  const { authorization } = headers;
  if (authorization !== undefined) return /^bearer +(\S+)$/i.exec(authorization)?.[1] ?? null;
  return sessionOf(headers.cookie, protocol);
}

/** Null where there are two as well: a page of another subdomain can set a second one, and nobody knows which is meant. */
export function sessionOf(cookie: string | undefined, protocol: Protocol): string | null {
  const own = (cookie ?? '').split(';').flatMap((pair) => {
    const [name, value] = pair.trim().split('=');
    return name === sessionName(protocol) && value ? [value] : [];
  });
  return own.length === 1 ? (own[0] as string) : null;
}

/** Without `domain`, so that browsers send it to this company's host and to no other; out of reach of scripts. */
export function sessionOptions(protocol: Protocol): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: protocol === 'https', path: '/' };
}
