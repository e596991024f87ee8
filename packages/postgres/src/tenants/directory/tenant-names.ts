import { randomBytes } from 'node:crypto';
import { domainToASCII, domainToUnicode } from 'node:url';
import { isUsableTenantId } from '@tenancy/core/adapter';
import { TenantsError } from '../tenants-error.js';

/** A label of a host name in Unicode, in lower case, and without what would make it punycode or a second label. */
const LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u;

/** Scripts that have letters which look like Latin ones: whoever signs up with a mixture of both wants to be taken for somebody else. */
const LATIN = /\p{Script=Latin}/u;
const LIKE_LATIN = /[\p{Script=Cyrillic}\p{Script=Greek}]/u;

/** The longest label of a host name, in bytes. */
const LONGEST = 63;

/** A domain below which a name is looked at as a part of a host. */
const BELOW = 'example';

/**
 * `slug` as it is kept: in the letters in which a request names it. Hosts have some letters for others, such as those of full width, and a slug that
 * kept them would have an address that is another's.
 *
 * @throws TenantsError `tenant_name_unusable`.
 */
export function slugOf(slug: unknown, reserved: readonly string[] = []): string {
  if (typeof slug !== 'string') throw unusable('is not a text');
  const written = slug.normalize('NFKC').toLowerCase();
  if (written.startsWith('xn--')) throw unusable('is in punycode; pass it as it is read');
  const kept = LABEL.test(written) ? labelInHosts(written) : '';
  if (!LABEL.test(kept)) throw unusable('has something else in it than letters, digits and inner hyphens');
  if (Buffer.byteLength(kept) > LONGEST) throw unusable(`is longer than ${LONGEST} bytes`);
  if (LATIN.test(kept) && LIKE_LATIN.test(kept)) throw unusable('mixes letters of scripts that look alike');
  if (reserved.includes(kept)) throw unusable('is reserved');
  return kept;
}

/** `label` as hosts have it; empty where they cannot. Looked at below a domain, as `2024` alone is an address of IPv4. */
function labelInHosts(label: string): string {
  return domainToUnicode(domainToASCII(`${label}.${BELOW}`)).slice(0, -BELOW.length - 1);
}

/** Spellings of whole numbers that newer servers take, and older ones do not: so short that a column of numbers has room for them. */
const OTHER_NUMBER = /^\s*[+-]?(?:0[xX]_?[0-9a-fA-F_]{1,20}|0[oO]_?[0-7_]{1,26}|0[bB]_?[01_]{1,70}|\d+(?:_\d+)+)\s*$/;

/** @throws TenantsError `tenant_name_unusable`. */
export function requireId(id: unknown): void {
  if (isUsableTenantId(id) && !OTHER_NUMBER.test(id)) return;
  throw new TenantsError(
    'tenant_name_unusable',
    'the id is empty, too long, or not well-formed, or is a number in a spelling that PostgreSQL takes for another one. Nothing was done. Leave it out for a random one.',
  );
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
