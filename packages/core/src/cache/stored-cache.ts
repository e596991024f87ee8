import type { Cache } from 'cache-manager';
import { entryKey, ownerKey } from './cache-key.js';
import type { CachePart } from './cache-part.js';
import type { DividedCache } from './cache-parts.js';
import { openedFor, sealed } from './envelope.js';
import { Generation, type GenerationStore } from './generation.js';
import { wrapIn } from './wrap-in.js';

/** A cache-manager over the stores that the application has given, as Nest makes it. */
export type SharedCache = Cache & { onModuleDestroy?(): Promise<void> };

/**
 * A cache over stores that others see too: the owner and its generation are in each key, and the owner beside each value.
 *
 * @param within - milliseconds after which what another process has cleared is gone here, too
 */
export function storedCache(cache: SharedCache, within: number): DividedCache {
  const last = lastOf(cache);
  return {
    part: (owner) => part(owner, cache, new Generation(ownerKey(owner), last, within)),
    async clear() {
      await cache.clear();
    },
    async close() {
      await cache.onModuleDestroy?.();
    },
  };
}

interface Entry<T> {
  key: string;
  value: T;
  ttl?: number;
}

function part(owner: string, cache: Cache, generation: Generation): CachePart {
  const begin = () => generation.known() ?? generation.read();
  return {
    async get<T>(key: string) {
      const stored = await cache.get(entryKey(generation.known() ?? (await generation.read()), key));
      return openedFor(owner, stored) as T | undefined;
    },
    async mget<T>(keys: string[]) {
      const at = await begin();
      const stored = await cache.mget(keys.map((key) => entryKey(at, key)));
      return stored.map((each) => openedFor(owner, each) as T | undefined);
    },
    async ttl(key) {
      return cache.ttl(entryKey(await begin(), key));
    },
    async set(key, value, ttl) {
      await cache.set(entryKey(await begin(), key), sealed(owner, value), ttl);
      return value;
    },
    async mset<T>(list: Entry<T>[]) {
      const at = await begin();
      const kept = await cache.mset(
        list.map((each) => ({ ...each, key: entryKey(at, each.key), value: sealed(owner, each.value) })),
      );
      return kept.map((each, index) => ({ ...each, ...(named(list[index]) as Pick<Entry<T>, 'key' | 'value'>) }));
    },
    async del(key) {
      return cache.del(entryKey(await begin(), key));
    },
    async mdel(keys) {
      const at = await begin();
      return cache.mdel(keys.map((key) => entryKey(at, key)));
    },
    async clear() {
      await generation.renew();
      return true;
    },
    wrap: (async (key: string, make: () => unknown, ttl?: unknown, refreshThreshold?: unknown) =>
      wrapIn(cache, owner, entryKey(await begin(), key), make, ttl, refreshThreshold)) as CachePart['wrap'],
  };
}

/** An entry as the caller gave it, under the keys that it gave. */
const named = (given: { readonly key: string; readonly value: unknown } | undefined) =>
  given && { key: given.key, value: given.value };

/** K10: the store that all processes share. A `Cacheable` is two in one. */
function lastOf(cache: Cache): GenerationStore {
  const store = cache.stores.at(-1) as unknown as GenerationStore & { readonly secondary?: GenerationStore };
  return store.secondary ?? store;
}
