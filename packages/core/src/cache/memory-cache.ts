import { randomBytes } from 'node:crypto';
import { type CreateCacheOptions, createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { type DividedCache, isShared } from './cache-parts.js';

/**
 * A cache in the memory of this process, where nobody has given a store: a cache-manager for each owner. Keys meet nobody else's, and
 * to clear a part is to forget it (K3), with whatever is still on its way there.
 */
export const memoryCache = ({ ttl, refreshThreshold, nonBlocking }: CreateCacheOptions): DividedCache => {
  const options = Object.fromEntries(
    Object.entries({ ttl, refreshThreshold, nonBlocking }).filter(([, value]) => value !== undefined),
  );
  return {
    part(owner, forget) {
      // K11: cache-manager merges the `wrap` of all caches of a process that have one id.
      const cacheId = randomBytes(12).toString('base64url');
      const clear = async () => {
        forget();
        return true;
      };
      // K6: what many tenants read is kept as text, in the way of every store, and not as an object that each of them could change.
      const stores = isShared(owner) ? [new Keyv()] : [];
      return { ...createCache({ ...options, cacheId, stores }), clear };
    },
    clear: async () => {},
    close: async () => {},
  };
};
