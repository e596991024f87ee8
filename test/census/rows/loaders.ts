import { setTimeout as sleep } from 'node:timers/promises';
import { createCache as createDedupe } from 'async-cache-dedupe';
import { createCache } from 'cache-manager';
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import memoizee from 'memoizee';
import { context, inCompany, inHandler, type Seen, type Subject, seen } from '../row.js';

const load = async (): Promise<Seen> => {
  await sleep(2);
  return seen();
};

/** The n-th key for all tenants alike: they ask for the same at once. */
const sameKey = () => {
  let asked = 0;
  return () => `key ${Math.floor(asked++ / 3)}`;
};

/** A key that holds the tenant, as it should. */
const ownKey = (key: string) => `${context.tenantId} ${key}`;
const PER_TENANT = 'one for each tenant, kept by its id';

/** `make` once for each tenant. */
function perTenant<T>(make: () => T): () => T {
  const made = new Map<string, T>();
  return () => {
    const one = made.get(context.tenantId) ?? make();
    made.set(context.tenantId, one);
    return one;
  };
}

const loader = () =>
  new DataLoader<string, Seen>(
    async (keys) => {
      const found = await load();
      return keys.map(() => found);
    },
    { cache: false },
  );

const refreshing = () =>
  new LRUCache<string, { seen: Seen }>({ max: 100, ttl: 1, fetchMethod: async () => ({ seen: await load() }) });

const deduped = () => createDedupe({ ttl: 0 }).define('found', async (_: string) => load());

// core-11: what batches or refreshes later.
export const loaders: Subject = {
  about: 'Caches and loaders',
  note:
    'Two questions, not one: as whom the loading function runs, and whether the key tells tenants apart. Rows that name no key ask for ' +
    'the same key in all tenants.',
  rows: [
    inHandler(
      'DataLoader: one for everybody',
      "another's",
      () => {
        const shared = loader();
        const key = sameKey();
        return inCompany(() => shared.load(key()));
      },
      { fix: `DataLoader: ${PER_TENANT}` },
    ),
    inHandler(
      'DataLoader: one for everybody, with the tenant in the key',
      "another's",
      () => {
        const shared = loader();
        const key = sameKey();
        return inCompany(() => shared.load(ownKey(key())));
      },
      { fix: `DataLoader: ${PER_TENANT}` },
    ),
    inHandler(`DataLoader: ${PER_TENANT}`, 'right', () => {
      const own = perTenant(loader);
      const key = sameKey();
      return inCompany(() => own().load(key()));
    }),
    inHandler('DataLoader: one for each request', 'right', () => () => loader().load('key')),
    inHandler(
      '`lru-cache`: `fetchMethod`',
      "another's",
      () => {
        const shared = refreshing();
        const key = sameKey();
        return inCompany(async () => (await shared.fetch(key()))?.seen);
      },
      { fix: '`lru-cache`: `fetchMethod`, with the tenant in the key' },
    ),
    inHandler('`lru-cache`: `fetchMethod`, with the tenant in the key', 'right', () => {
      const shared = refreshing();
      const key = sameKey();
      return inCompany(async () => (await shared.fetch(ownKey(key())))?.seen);
    }),
    inHandler(
      '`async-cache-dedupe`',
      "another's",
      () => {
        const shared = deduped();
        const key = sameKey();
        return inCompany(() => shared.found(key()));
      },
      { fix: '`async-cache-dedupe`, with the tenant in the key' },
    ),
    inHandler('`async-cache-dedupe`, with the tenant in the key', 'right', () => {
      const shared = deduped();
      const key = sameKey();
      return inCompany(() => shared.found(ownKey(key())));
    }),
    inHandler(
      '`memoizee` of promises',
      "another's",
      () => {
        const memo = memoizee((_: string) => load(), { promise: true });
        const key = sameKey();
        return inCompany(() => memo(key()));
      },
      { fix: '`memoizee` of promises, with the tenant in the key' },
    ),
    inHandler('`memoizee` of promises, with the tenant in the key', 'right', () => {
      const memo = memoizee((_: string) => load(), { promise: true });
      const key = sameKey();
      return inCompany(() => memo(ownKey(key())));
    }),
    inHandler('`memoizee` of promises: after it', 'right', () => {
      const memo = memoizee((_: string) => load(), { promise: true });
      return async () => {
        await memo('key');
        return seen();
      };
    }),
    inHandler(
      '`cache-manager`: `wrap`',
      "another's",
      () => {
        const cache = createCache();
        const key = sameKey();
        return inCompany(() => cache.wrap(key(), load, { ttl: 1_000 }));
      },
      { fix: '`cache-manager`: `wrap`, with the tenant in the key' },
    ),
    inHandler('`cache-manager`: `wrap`, with the tenant in the key', 'right', () => {
      const cache = createCache();
      const key = sameKey();
      return inCompany(() => cache.wrap(ownKey(key()), load, { ttl: 1_000 }));
    }),
    inHandler('a promise that all await: what each does after it', 'right', () => {
      let promise: Promise<Seen> | undefined;
      return async () => {
        await (promise ??= load());
        return seen();
      };
    }),
  ],
};
