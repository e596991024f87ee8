import { CACHE_MANAGER, type Cache, CacheInterceptor, CacheKey, CacheTTL } from '@nestjs/cache-manager';
import { Controller, type DynamicModule, Get, Inject, Query, UseInterceptors } from '@nestjs/common';
import { fromSubdomain, TenancyModule, TenantContext, Untenanted } from '../../src/index.js';
import { type AdapterName, type Server, serve, testRegistry } from '../server.js';

/** Calls of handlers and loaders, in order, by the tenant that they ran as. */
export const calls: string[] = [];

const context = new TenantContext();
export const runsAs = (): string => (context.isActive() ? context.current().slug : 'nobody');

@Controller()
export class CachedController {
  constructor(@Inject(CACHE_MANAGER) private readonly cache: Cache) {}

  @Get('jobs')
  @UseInterceptors(CacheInterceptor)
  jobs() {
    calls.push(`jobs ${runsAs()}`);
    return { of: runsAs() };
  }

  @Get('named')
  @UseInterceptors(CacheInterceptor)
  @CacheKey('named')
  @CacheTTL(60_000)
  named() {
    calls.push(`named ${runsAs()}`);
    return { of: runsAs() };
  }

  @Get('wrapped')
  wrapped(@Query('key') key: string) {
    return this.cache.wrap(
      key,
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        calls.push(`wrapped ${runsAs()}`);
        return { of: runsAs() };
      },
      60_000,
    );
  }

  @Get('written')
  async written() {
    await this.cache.set('written', { of: runsAs() });
    await new Promise((resolve) => setImmediate(resolve));
    return this.cache.get('written');
  }

  @Get('cleared')
  async cleared() {
    await this.cache.clear();
    return { of: runsAs() };
  }

  @Get('health')
  @Untenanted()
  @UseInterceptors(CacheInterceptor)
  health() {
    calls.push(`health ${runsAs()}`);
    return { of: runsAs() };
  }
}

export const serveCached = (adapter: AdapterName, cache: DynamicModule): Promise<Server> =>
  serve(adapter, {
    imports: [
      TenancyModule.forRoot({
        registry: testRegistry(),
        sources: [fromSubdomain({ baseDomain: 'app.example.com' })],
      }),
      cache,
    ],
    controllers: [CachedController],
  });
