import { randomBytes } from 'node:crypto';
import { CACHE_MANAGER, CacheModule, type CacheModuleOptions } from '@nestjs/cache-manager';
import type { Provider } from '@nestjs/common';
import type { CreateCacheOptions } from 'cache-manager';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireOptions } from '../errors/require-options.js';
import { CacheParts } from './cache-parts.js';
import { memoryCache } from './memory-cache.js';
import { type SharedCache, storedCache } from './stored-cache.js';
import type { TenantCacheOptions } from './tenant-cache.options.js';

/** @throws `tenancy_misconfigured` for options of this module that are wrong. */
export async function makeParts(options: CacheModuleOptions & TenantCacheOptions): Promise<CacheParts> {
  requireOptions('TenantCacheModule', options);
  const { clearedWithin = 1_000, ...nest } = options;
  if (typeof clearedWithin !== 'number' || !(clearedWithin >= 0)) {
    throw new TenancyConfigurationError(
      'TenantCacheModule.clearedWithin',
      'is no number of milliseconds',
      'Pass 0 or more, or leave it out.',
    );
  }
  if (!nest.stores) return new CacheParts(memoryCache(nest as CreateCacheOptions));
  // K11: cache-manager merges the `wrap` of all caches of a process that have one id.
  const cache = await nestsCache()({ ...nest, cacheId: randomBytes(12).toString('base64url') });
  return new CacheParts(storedCache(cache, clearedWithin));
}

type CacheFactory = (options: CacheModuleOptions) => Promise<SharedCache>;

/** The factory that Nest's own module has for `CACHE_MANAGER`: of stores it makes what it always has, in each of its versions. */
function nestsCache(): CacheFactory {
  const providers = (Reflect.getMetadata('providers', CacheModule) ?? []) as Provider[];
  const found = providers.find(
    (provider) => typeof provider === 'object' && provider.provide === CACHE_MANAGER && 'useFactory' in provider,
  );
  if (found && 'useFactory' in found) return found.useFactory as CacheFactory;
  throw new TenancyConfigurationError(
    'TenantCacheModule',
    'does not know this version of @nestjs/cache-manager',
    'Use 3 with Nest 11, or 12 with Nest 12.',
  );
}
