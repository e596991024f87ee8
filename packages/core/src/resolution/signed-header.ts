import { createHmac, timingSafeEqual } from 'node:crypto';
import { unknownOption } from '../errors/known-options.js';
import { misconfigured } from '../errors/misconfigured.js';
import { isUsableTenantId } from '../tenant-id.js';
import { strongSecret } from './hmac-secret.js';

/** The header that services name a tenant in, unless told otherwise. */
export const SIGNED_HEADER = 'x-signed-tenant';

/**
 * The value of a signed tenant header: `v1.<tenant id, base64url>.<seconds since 1970>.<HMAC-SHA256, base64url>`.
 *
 * @throws `tenancy_misconfigured` without a secret of 32 bytes, or for an id that cannot name a tenant.
 * @example
 * ```ts
 * import { signTenantHeader } from '@tenancy/core/signed-header'; // without Nest; '@tenancy/core' has it too
 *
 * const headers = (secret: string) => ({ 'x-signed-tenant': signTenantHeader('t_acme', { secret }) });
 * ```
 */
export function signTenantHeader(tenantId: string, options: { readonly secret: string | Buffer | undefined }): string {
  if (!isUsableTenantId(tenantId))
    throw misconfigured('signTenantHeader', 'has no tenant id', 'Pass the `id` of the tenant.');
  const unknown = unknownOption('signTenantHeader', options, ['secret']);
  if (unknown) throw misconfigured(...unknown);
  const secret = strongSecret(options?.secret, 'HS256', (problem, fix) =>
    misconfigured('signTenantHeader.secret', problem, fix),
  );
  const signed = `v1.${Buffer.from(tenantId).toString('base64url')}.${Math.floor(Date.now() / 1000)}`;
  return `${signed}.${mac(signed, secret)}`;
}

/** The tenant id of a header value, or `null` when it is malformed, not signed with `secret`, or too old or too new. */
export function readTenantHeader(value: string, secret: string | Buffer, tolerance: number): string | null {
  const parts = value.split('.');
  const [version, encodedId, seconds, signature] = parts;
  if (parts.length !== 4 || version !== 'v1' || !encodedId || !seconds || !signature) return null;
  const expected = Buffer.from(mac(`v1.${encodedId}.${seconds}`, secret));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  if (!(Math.abs(Date.now() / 1000 - Number(seconds)) <= tolerance)) return null;
  return Buffer.from(encodedId, 'base64url').toString();
}

function mac(text: string, secret: string | Buffer): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}
