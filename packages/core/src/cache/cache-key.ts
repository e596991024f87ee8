import { TenancyConfigurationError } from '../errors/configuration-error.js';

/**
 * The key of an owner's generation, and the beginning of all its keys: `tenancy/t/acme`. K4: Keyv joins namespace and key with a
 * colon, and there is none in here; a slash is written otherwise in an owner, so that no two have one key in common.
 */
export const ownerKey = (owner: string): string => `tenancy/${owner}`;

/**
 * The key of an entry. Lone surrogates all have the same bytes in UTF-8, so a key that holds one is written in a form of its own.
 *
 * @param begin - of the owner, in its generation: `tenancy/t/acme/Xq4…`
 * @throws `tenancy_misconfigured` when `key` is no string.
 */
export function entryKey(begin: string, key: unknown): string {
  if (typeof key !== 'string') {
    throw new TenancyConfigurationError(
      'TenantCache',
      'is given a key that is no string',
      'Pass a string: whatever else would be written as one, as others are.',
    );
  }
  return key.isWellFormed() ? `${begin}/${key}` : `${begin}!${JSON.stringify(key)}`;
}
