import type { Request, Response } from 'express';

/** All that a page may do: show this host's styles, run this host's scripts, and send forms to this host. */
export const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** For every answer: also of one that no route gave, because its body or its address could not be read. */
export function securityHeaders(_request: Request, response: Response, next: () => void): void {
  response.setHeader('Content-Security-Policy', POLICY);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  // Not `no-referrer`: with it, browsers send forms with `Origin: null`.
  response.setHeader('Referrer-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  next();
}
