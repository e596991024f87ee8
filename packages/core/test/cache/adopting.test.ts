import { setTimeout as sleep } from 'node:timers/promises';
import {
  CACHE_MANAGER,
  Cache,
  CacheInterceptor,
  CacheKey,
  CacheModule,
  type CacheOptions,
  type CacheOptionsFactory,
  CacheTTL,
} from '@nestjs/cache-manager';
import {
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  Header,
  Inject,
  Injectable,
  Param,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { Keyv } from 'keyv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantCacheModule } from '../../src/cache.js';
import { fromSubdomain, TenancyModule } from '../../src/index.js';
import { call, type Server, serve, testRegistry } from '../server.js';

/** An application of before it had tenants, as the documentation of Nest writes them. */
let handled = 0;

@Injectable()
class JobsService {
  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    @Inject(Cache) private readonly byClass: Cache,
  ) {}

  count = (id: string) => this.cache.wrap(`count:${id}`, () => (handled += 1), 60_000);

  async rename(id: string): Promise<boolean> {
    return this.byClass.del(`count:${id}`);
  }

  async several() {
    const { get, mget, mset } = this.cache;
    await mset<unknown>([
      { key: 'x', value: 1 },
      { key: 'y', value: null },
      { key: 'z', value: { of: [1] }, ttl: 60_000 },
    ]);
    return { x: await get('x'), all: await mget(['z', 'x', 'nothing', 'y']), ttl: typeof (await this.cache.ttl('z')) };
  }
}

@Injectable()
class BySessionInterceptor extends CacheInterceptor {
  protected override trackBy(context: ExecutionContext): string | undefined {
    return `${context.switchToHttp().getRequest().headers['x-session']} ${super.trackBy(context)}`;
  }
}

@Controller('jobs')
class JobsController {
  constructor(@Inject(JobsService) private readonly jobs: JobsService) {}

  @Get()
  @UseInterceptors(CacheInterceptor)
  @CacheTTL(60_000)
  list() {
    return { handled: (handled += 1) };
  }

  @Get('mine')
  @UseInterceptors(BySessionInterceptor)
  @Header('Cache-Control', 'no-store')
  mine() {
    return { handled: (handled += 1) };
  }

  @Get('named/:id')
  @UseInterceptors(CacheInterceptor)
  @CacheKey(((context: ExecutionContext) => `job ${context.switchToHttp().getRequest().params.id}`) as never)
  @CacheTTL(() => 20)
  named() {
    return { handled: (handled += 1) };
  }

  @Get('several')
  several() {
    return this.jobs.several();
  }

  @Get(':id/count')
  async count(@Param('id') id: string) {
    return { count: await this.jobs.count(id) };
  }

  @Post(':id')
  async rename(@Param('id') id: string) {
    return { renamed: await this.jobs.rename(id) };
  }
}

@Injectable()
class CacheConfig implements CacheOptionsFactory {
  constructor(@Inject('ttl') private readonly ttl: number) {}

  createCacheOptions(): CacheOptions {
    return { ttl: this.ttl, stores: [new Keyv({ namespace: 'application' })] };
  }
}

const tenancy = () =>
  TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'app.example.com' })] });

type Registering = Pick<typeof CacheModule, 'register' | 'registerAsync'>;
const registered: Readonly<Record<string, (module: Registering) => DynamicModule>> = {
  'register()': (module) => module.register(),
  'register with options': (module) => module.register({ isGlobal: true, ttl: 60_000, refreshThreshold: 5 }),
  "register with a store of Keyv's kind": (module) =>
    module.register({ stores: new Map() as never, namespace: 'jobs' }),
  'registerAsync with a factory': (module) =>
    module.registerAsync({
      isGlobal: true,
      inject: ['ttl'],
      extraProviders: [{ provide: 'ttl', useValue: 60_000 }],
      useFactory: async (ttl: number) => ({ ttl }),
    }),
  'registerAsync with a class': (module) =>
    module.registerAsync({ extraProviders: [{ provide: 'ttl', useValue: 60_000 }], useClass: CacheConfig }),
};

/** The tests that the application has always had. */
describe.each(Object.entries(registered))('%s', (_, register) => {
  describe.each([
    ['with CacheModule, before there were tenants', () => [register(CacheModule)]],
    ['with TenantCacheModule', () => [tenancy(), register(TenantCacheModule)]],
  ])('%s', (__, imports) => {
    let server: Server;
    beforeAll(async () => {
      server = await serve('express', {
        imports: imports(),
        controllers: [JobsController],
        providers: [JobsService, CacheInterceptor, BySessionInterceptor],
      });
    });
    afterAll(() => server.close());
    const ask = (path: string, headers = {}) => call(server, 'acme.app.example.com', path, { headers });

    it('answers a list from the cache', async () => {
      const first = await ask('/jobs');
      const second = await ask('/jobs');
      expect([first.headers['x-cache'], second.headers['x-cache']]).toEqual(['MISS', 'HIT']);
      expect(second.body).toEqual(first.body);
      expect((await ask('/jobs?page=2')).body).not.toEqual(first.body);
    });

    it('answers each session with its own', async () => {
      const one = await ask('/jobs/mine', { 'x-session': '1' });
      expect((await ask('/jobs/mine', { 'x-session': '2' })).body).not.toEqual(one.body);
      expect((await ask('/jobs/mine', { 'x-session': '1' })).body).toEqual(one.body);
      expect(one.headers['cache-control']).toBe('no-store');
    });

    it('forgets what is named when its time has come', async () => {
      const { body } = await ask('/jobs/named/1');
      await sleep(40);
      expect((await ask('/jobs/named/1')).body).not.toEqual(body);
    });

    it('counts once, until it is renamed', async () => {
      const first = (await ask('/jobs/1/count')).body;
      expect((await ask('/jobs/1/count')).body).toEqual(first);
      const renamed = await call(server, 'acme.app.example.com', '/jobs/1', { method: 'POST' });
      expect(renamed.body).toEqual({ renamed: true });
      expect((await ask('/jobs/1/count')).body).not.toEqual(first);
    });

    it('keeps several', async () => {
      expect((await ask('/jobs/several')).body).toEqual({ x: 1, all: [{ of: [1] }, 1, null, null], ttl: 'number' });
    });
  });
});
