import {
  CACHE_MANAGER,
  CACHE_MODULE_OPTIONS,
  Cache,
  CacheModule,
  type CacheModuleAsyncOptions,
  type CacheModuleOptions,
} from '@nestjs/cache-manager';
import { type DynamicModule, Inject, Module, type NestModule, type OnModuleDestroy, Optional } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TenantCacheAdmin } from '../admin/tenant-cache-admin.js';
import { requireOptions } from '../errors/require-options.js';
import { markWall } from '../leftovers/wall.js';
import type { ResolvedTenancyOptions } from '../tenancy.options.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import { cacheFacade } from './cache-facade.js';
import { CacheParts } from './cache-parts.js';
import { currentPart } from './current-part.js';
import { makeParts } from './make-parts.js';
import { keepAnswersPrivate } from './private-answers.js';
import { TenantCache } from './tenant-cache.js';
import type { TenantCacheOptions } from './tenant-cache.options.js';

/**
 * Takes the place of Nest's `CacheModule`, with the same options: `CACHE_MANAGER` is then the tenant's own, and so is whatever
 * `CacheInterceptor`, `@CacheKey` and `@CacheTTL` do with it.
 *
 * Without a tenant it refuses with `tenant_context_missing`. What is the same for all is in {@link TenantCache.shared}.
 *
 * @example
 * ```ts
 * import { CACHE_MANAGER, type Cache } from '@nestjs/cache-manager';
 * import { Inject, Injectable, Module } from '@nestjs/common';
 * import { TenantCacheModule } from '@tenancy/core/cache';
 *
 * @Injectable()
 * class Statistics {
 *   constructor(@Inject(CACHE_MANAGER) private readonly cache: Cache) {}
 *
 *   openJobs(): Promise<number> {
 *     return this.cache.wrap('open-jobs', () => 12, 60_000);
 *   }
 * }
 *
 * @Module({ imports: [TenantCacheModule.register({ isGlobal: true, ttl: 30_000 })], providers: [Statistics] })
 * export class AppModule {}
 * ```
 */
@Module({
  providers: [
    { provide: CacheParts, useFactory: makeParts, inject: [CACHE_MODULE_OPTIONS] },
    {
      provide: CACHE_MANAGER,
      useFactory: (parts: CacheParts) => cacheFacade(currentPart(parts)),
      inject: [CacheParts],
    },
    { provide: Cache, useExisting: CACHE_MANAGER },
    TenantCache,
    {
      provide: TenantCacheAdmin,
      useFactory: (parts: CacheParts, options?: Pick<ResolvedTenancyOptions, 'audit'>) =>
        new TenantCacheAdmin(parts, options?.audit),
      inject: [CacheParts, { token: RESOLVED_OPTIONS, optional: true }],
    },
  ],
  exports: [CACHE_MANAGER, Cache, TenantCache, TenantCacheAdmin],
})
export class TenantCacheModule implements NestModule, OnModuleDestroy {
  constructor(
    @Inject(CacheParts) private readonly parts: CacheParts,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Optional() @Inject(RESOLVED_OPTIONS) private readonly options?: Pick<ResolvedTenancyOptions, 'sources'>,
  ) {}

  /** As Nest's `CacheModule.register`. */
  // biome-ignore lint/suspicious/noExplicitAny: as Nest declares it; interfaces of options fit nothing narrower.
  static register<StoreConfig extends Record<any, any> = Record<string, any>>(
    options?: CacheModuleOptions<StoreConfig> & TenantCacheOptions,
  ): DynamicModule {
    if (options !== undefined) requireOptions('TenantCacheModule', options);
    return { ...CacheModule.register(options), module: TenantCacheModule };
  }

  /** As Nest's `CacheModule.registerAsync`. */
  // biome-ignore lint/suspicious/noExplicitAny: as Nest declares it; interfaces of options fit nothing narrower.
  static registerAsync<StoreConfig extends Record<any, any> = Record<string, any>>(
    options: CacheModuleAsyncOptions<StoreConfig & TenantCacheOptions>,
  ): DynamicModule {
    return { ...CacheModule.registerAsync(options), module: TenantCacheModule };
  }

  /** @internal Nest calls this for HTTP applications, before it registers their routes. */
  configure(): void {
    const sources = this.options?.sources ?? [];
    const vary = new Set(sources.flatMap(({ varies = [] }) => varies));
    keepAnswersPrivate(this.host.httpAdapter as never, [...vary]);
  }

  /** @internal Nest calls this when the application closes. */
  onModuleDestroy(): Promise<void> {
    return this.parts.close();
  }
}

// The start-up check knows it by this, whatever a test puts in the place of its cache.
markWall(TenantCacheModule);
