import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignedUrlRequest } from '../file-store.js';

/** A file that an address is good for. */
export interface SignedFile {
  readonly folder: string;
  readonly key: string;
  readonly method: SignedUrlRequest['method'];
}

/** The token of an address: `v1.<folder, key, method, seconds since 1970 as JSON, base64url>.<HMAC-SHA256, base64url>`. */
export function signFile({ folder, key, method }: SignedFile, expiresIn: number, secret: string | Buffer): string {
  const expires = Math.floor(Date.now() / 1000) + expiresIn;
  const signed = `v1.${Buffer.from(JSON.stringify([folder, key, method, expires])).toString('base64url')}`;
  return `${signed}.${mac(signed, secret)}`;
}

/** The file of a token; null where it is malformed, not signed with `secret`, or too old. */
export function readSignedFile(token: string, secret: string | Buffer): SignedFile | null {
  const [version, payload, signature, ...more] = token.split('.');
  if (version !== 'v1' || !payload || !signature || more.length > 0) return null;
  const expected = Buffer.from(mac(`v1.${payload}`, secret));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const [folder, key, method, expires] = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return Date.now() / 1000 < expires ? { folder, key, method } : null;
}

/** The secret may sign tenant headers and stamps, too: none of these is one of those. */
const mac = (text: string, secret: string | Buffer): string =>
  createHmac('sha256', secret).update(`tenancy:file:${text}`).digest('base64url');
