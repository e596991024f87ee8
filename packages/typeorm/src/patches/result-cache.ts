import { asSystem, type DataSourceScope, tenantIdOf } from '../scope/data-source-scope.js';
import type { CacheEntry, ResultCache } from '../typeorm-internals.js';

/** T11: the tenant is in every key, in those that the application chose too. */
export function scopeResultCache(cache: ResultCache, scope: DataSourceScope): () => void {
  const { getFromCache, storeInCache, remove } = cache;
  const of = (tenantId: string, key: string) => `${JSON.stringify(tenantId)} ${key}`;
  const owned = ({ identifier, query, ...entry }: CacheEntry): CacheEntry => {
    const tenantId = tenantIdOf(scope);
    return {
      ...entry,
      ...(identifier !== undefined && { identifier: of(tenantId, identifier) }),
      ...(query !== undefined && { query: of(tenantId, query) }),
    };
  };
  const call = (method: unknown, ...args: unknown[]) =>
    asSystem(scope, () => Reflect.apply(method as () => Promise<unknown>, cache, args));
  cache.getFromCache = async (entry, ...rest) => call(getFromCache, owned(entry), ...rest);
  cache.storeInCache = async (entry, ...rest) => call(storeInCache, owned(entry), ...rest);
  cache.remove = async (identifiers, ...rest) => {
    const tenantId = tenantIdOf(scope);
    return call(
      remove,
      identifiers.map((identifier) => of(tenantId, identifier)),
      ...rest,
    );
  };
  return () => void Object.assign(cache, { getFromCache, storeInCache, remove });
}
