import { CACHE_MANAGER, type Cache } from '@nestjs/cache-manager';
import type { DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TenantCache } from '../../src/cache.js';
import { TenantContext } from '../../src/index.js';

export const acme = { id: 't_acme', slug: 'acme' };
export const globex = { id: 't_globex', slug: 'globex' };

export const context = new TenantContext();

export interface Opened {
  readonly cache: Cache;
  readonly tenantCache: TenantCache;
  get<T>(token: unknown): T;
  close(): Promise<void>;
}

/** One process with a cache, as far as the cache can tell. */
export async function open(cache: DynamicModule): Promise<Opened> {
  const module = await Test.createTestingModule({ imports: [cache] }).compile();
  await module.init();
  return {
    cache: module.get(CACHE_MANAGER),
    tenantCache: module.get(TenantCache),
    get: (token) => module.get(token as never),
    close: () => module.close(),
  };
}

/** All of `caches` as one tenant sees them: each operation runs in its context. */
export function asTenant(tenant: typeof acme, cache: Cache): Cache {
  return new Proxy(cache, {
    get:
      (target, name) =>
      (...args: never[]) =>
        context.run(tenant, () => (Reflect.get(target, name) as (...args: never[]) => unknown)(...args)),
  });
}
