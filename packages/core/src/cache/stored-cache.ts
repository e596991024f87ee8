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
    whole: cache,
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
  // Almost always the beginning of the keys is known. A promise less is worth more than all else that this does.
  const at = <R>(operation: (begin: string) => Promise<R>): Promise<R> => {
    const begin = generation.known();
    return begin === undefined ? generation.read().then(operation) : operation(begin);
  };
  const open = (stored: unknown) => openedFor(owner, stored);
  return {
    get: <T>(key: string) => at((begin) => cache.get(entryKey(begin, key)).then(open) as Promise<T | undefined>),
    mget: <T>(keys: string[]) =>
      at((begin) => cache.mget(keys.map((key) => entryKey(begin, key))).then((found) => found.map(open) as T[])),
    ttl: (key) => at((begin) => cache.ttl(entryKey(begin, key))),
    set: (key, value, ttl) =>
      at((begin) => cache.set(entryKey(begin, key), sealed(owner, value), ttl).then(() => value)),
    mset: <T>(list: Entry<T>[]) =>
      at(async (begin) => {
        const kept = await cache.mset(
          list.map((each) => ({ ...each, key: entryKey(begin, each.key), value: sealed(owner, each.value) })),
        );
        return kept.map((each, index) => ({ ...each, ...(named(list[index]) as Pick<Entry<T>, 'key' | 'value'>) }));
      }),
    del: (key) => at((begin) => cache.del(entryKey(begin, key))),
    mdel: (keys) => at((begin) => cache.mdel(keys.map((key) => entryKey(begin, key)))),
    clear: () => generation.renew().then(() => true),
    wrap: ((key: string, load: () => unknown, ttl?: unknown, refreshThreshold?: unknown) =>
      at((begin) => wrapIn(cache, owner, entryKey(begin, key), load, ttl, refreshThreshold))) as CachePart['wrap'],
  };
}

/** An entry as the caller gave it, under the key that it gave. */
const named = (given: { readonly key: string; readonly value: unknown } | undefined) =>
  given && { key: given.key, value: given.value };

/** K10: the store that all processes share. A `Cacheable` is two in one. */
function lastOf(cache: Cache): GenerationStore {
  const store = cache.stores.at(-1) as unknown as GenerationStore & { readonly secondary?: GenerationStore };
  return store.secondary ?? store;
}
