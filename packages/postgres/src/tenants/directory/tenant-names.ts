import { randomBytes } from 'node:crypto';
import { TenantsError } from '../tenants-error.js';

/** A label of a host name in Unicode, in lower case, and without what would make it punycode or a second label. */
const LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u;

/** The longest label of a host name, in bytes. */
const LONGEST = 63;

/**
 * `slug` as it is kept: in lower case and normal form.
 *
 * @throws TenantsError `tenant_name_unusable`.
 */
export function slugOf(slug: unknown, reserved: readonly string[] = []): string {
  if (typeof slug !== 'string') throw unusable('is not a text');
  const kept = slug.normalize('NFC').toLowerCase();
  if (!LABEL.test(kept)) throw unusable('has something else in it than letters, digits and inner hyphens');
  if (Buffer.byteLength(kept) > LONGEST) throw unusable(`is longer than ${LONGEST} bytes`);
  if (kept.startsWith('xn--')) throw unusable('is in punycode; pass it as it is read');
  if (reserved.includes(kept)) throw unusable('is reserved');
  return kept;
}

/** A new id: 80 random bits, in characters that need quoting nowhere. */
export function newTenantId(): string {
  return `t_${BigInt(`0x${randomBytes(10).toString('hex')}`)
    .toString(36)
    .padStart(16, '0')}`;
}

function unusable(why: string): TenantsError {
  return new TenantsError(
    'tenant_name_unusable',
    `the slug ${why}, so it cannot be part of a host name. Nothing was done. Choose another one.`,
  );
}
