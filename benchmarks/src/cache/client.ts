import { randomUUID } from 'node:crypto';
import KeyvRedis from '@keyv/redis';
import { CACHE_MANAGER, CacheModule, type CacheModuleOptions } from '@nestjs/cache-manager';
import { NestFactory } from '@nestjs/core';
import { TenantContext } from '@tenancy/core';
import { TenantCacheModule } from '@tenancy/core/cache';
import type { Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import 'reflect-metadata';
import { answer } from '../child.js';
import { type Sample, sample } from '../scope/sample.js';

/** The place where entries are kept: cache-manager's own memory, one store in memory, or Redis. */
export type Place = 'memory' | 'store' | 'redis';
export type Work = 'get' | 'mget' | 'wrap' | 'set';

/** A question to a client, from the process that measures. */
export type ClientQuestion = { readonly open: Place } | { readonly work: Work; readonly milliseconds: number };

const TENANTS = 50;
const KEYS = 20;
const tenants = Array.from({ length: TENANTS }, (_, n) => ({ id: `t_company-${n}`, slug: `company-${n}` }));
const keys = Array.from({ length: KEYS }, (_, n) => `/jobs/${n}?page=1`);
const jobOf = (tenantId: string, key: string) => ({
  tenantId,
  key,
  title: 'Carpenter',
  location: 'Zurich',
  open: true,
});

/** Runs one case: `node client.js tenant|bare`. In the bare one there is one cache for each tenant, which keeps them apart as well. */
const isTenant = process.argv[2] === 'tenant';
const context = new TenantContext();
const caches = new Map<string, Cache>();
let turn = 0;

answer(async (asked): Promise<Sample | null> => {
  const question = asked as ClientQuestion;
  if ('work' in question) return once(question.work, question.milliseconds);
  const { open } = question;
  const namespace = `bench-${randomUUID()}`;
  const redis = open === 'redis' ? new KeyvRedis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379') : undefined;
  const stores = (of: string): CacheModuleOptions => {
    if (open === 'memory') return {};
    return { stores: new Keyv({ store: redis ?? new Map(), namespace: `${namespace}${of}` }) };
  };
  const one = isTenant ? await made(TenantCacheModule.register(stores(''))) : undefined;
  for (const { id } of tenants) caches.set(id, one ?? (await made(CacheModule.register(stores(id)))));
  for (const tenant of tenants) {
    // Gone with its time to live, where somebody looks at the same Redis.
    await context.run(tenant, () => Promise.all(keys.map((key) => put(tenant.id, key))));
  }
  return null;
});

const put = (id: string, key: string) => caches.get(id)?.set(key, jobOf(id, key), 600_000);

async function made(module: Parameters<typeof NestFactory.createApplicationContext>[0]): Promise<Cache> {
  return (await NestFactory.createApplicationContext(module, { logger: false })).get(CACHE_MANAGER);
}

/** A request of each tenant in turn, which uses the cache for each of the keys. */
async function once(work: Work, milliseconds: number): Promise<Sample> {
  const taken = await sample(work === 'set' || work === 'get' ? 4 : 1, milliseconds, async () => {
    turn += 1;
    const tenant = tenants[turn % TENANTS] as (typeof tenants)[number];
    await context.run(tenant, () => works[work](tenant.id, caches.get(tenant.id) as Cache));
  });
  return { ...taken, operations: taken.operations * KEYS };
}

const works: Record<Work, (id: string, cache: Cache) => Promise<void>> = {
  async get(id, cache) {
    for (const key of keys) check(id, key, await cache.get(key));
  },
  async mget(id, cache) {
    const found = await cache.mget(keys);
    for (const [n, key] of keys.entries()) check(id, key, found[n]);
  },
  async wrap(id, cache) {
    for (const key of keys) check(id, key, await cache.wrap(key, () => null, 600_000));
  },
  async set(id, cache) {
    for (const key of keys) await cache.set(key, jobOf(id, key), 600_000);
  },
};

function check(id: string, key: string, found: unknown): void {
  const job = found as ReturnType<typeof jobOf> | undefined;
  if (job?.tenantId !== id || job.key !== key)
    throw new Error(`${id} asked for ${key} and got ${JSON.stringify(found)}`);
}
