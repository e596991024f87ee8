import type { TenantRequest } from '@tenancy/core';
import type { CookieOptions, Request } from 'express';

/** The cookie that holds the token of who signed in on a page. */
export const SESSION = 'hiring_session';

/** The token of a request: of a program in `Authorization`, or of a browser in the cookie. */
export function tokenOf({ headers }: TenantRequest): string | null {
  const { authorization } = headers;
  if (authorization !== undefined) return /^bearer +(\S+)$/i.exec(authorization)?.[1] ?? null;
  return sessionOf(headers.cookie);
}

/** Null where there are two as well: a page of another subdomain can set a second one, and nobody knows which is meant. */
export function sessionOf(cookie: string | undefined): string | null {
  const own = (cookie ?? '').split(';').flatMap((pair) => {
    const [name, value] = pair.trim().split('=');
    return name === SESSION && value ? [value] : [];
  });
  return own.length === 1 ? (own[0] as string) : null;
}

/** Without `domain`, so that browsers send it to this company's host and to no other; out of reach of scripts. */
export function sessionOptions(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/' };
}
