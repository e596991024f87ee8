import type { Cache } from 'cache-manager';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { markWall } from '../leftovers/wall.js';
import type { CachePart } from './cache-part.js';

/**
 * A cache-manager that does everything with the part of whoever calls: `partOf` says whose that is, or throws. Each operation is a
 * property of its own, as cache-manager's are, so that it can be taken out.
 *
 * What leads to everybody's entries is refused (K5): the stores, events, which name keys and values of all, and disconnecting.
 */
export function cacheFacade(partOf: () => CachePart): Cache {
  // Not async, which would cost a hit in memory a tenth more.
  const held = <R>(operation: (part: CachePart) => Promise<R>): Promise<R> => {
    try {
      return operation(partOf());
    } catch (error) {
      return Promise.reject(error);
    }
  };
  const facade: CachePart = {
    get: (key) => {
      try {
        return partOf().get(key);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    mget: (keys) => held((part) => part.mget(keys)),
    ttl: (key) => held((part) => part.ttl(key)),
    set: (key, value, ttl) => held((part) => part.set(key, value, ttl)),
    mset: (list) => held((part) => part.mset(list)),
    del: (key) => held((part) => part.del(key)),
    mdel: (keys) => held((part) => part.mdel(keys)),
    clear: () => held((part) => part.clear()),
    wrap: ((...args: Parameters<CachePart['wrap']>) => held((part) => part.wrap(...args))) as CachePart['wrap'],
  };
  for (const name of ['on', 'off', 'disconnect', 'cacheId']) {
    Object.defineProperty(facade, name, { value: () => refuse(name), enumerable: false });
  }
  Object.defineProperty(facade, 'stores', { get: () => refuse('stores'), enumerable: false });
  return markWall(facade as Cache);
}

function refuse(name: string): never {
  throw new TenancyConfigurationError(
    `CACHE_MANAGER.${name}`,
    "leads to the entries of all tenants, and is no tenant's",
    'Use `TenantCacheAdmin` from @tenancy/core/admin. Stores are disconnected when the application closes.',
  );
}
