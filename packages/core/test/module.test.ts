import {
  type CanActivate,
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  Module,
  type ModuleMetadata,
  Scope,
} from '@nestjs/common';
import { APP_GUARD, LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  CachedTenantRegistry,
  fromSubdomain,
  InMemoryTenantRegistry,
  TenancyModule,
  type TenancyOptions,
  type TenancyOptionsFactory,
  TenantContext,
  TenantRegistry,
  TenantResolver,
  TenantResolverMiddleware,
  Untenanted,
} from '../src/index.js';
import { acme, adapters, call, serve, testRegistry } from './server.js';

const sources = [fromSubdomain({ baseDomain: 'localhost' })];
const options = (): TenancyOptions => ({ registry: testRegistry(), sources });

@Controller()
class WhoController {
  constructor(@Inject(TenantContext) readonly context: TenantContext) {}
  @Get('who')
  who() {
    return { id: this.context.tenantId };
  }
}

@Injectable()
class CompanyRegistry extends InMemoryTenantRegistry {
  constructor() {
    super([acme]);
  }
}

@Module({ providers: [CompanyRegistry], exports: [CompanyRegistry] })
class CompanyModule {}

@Injectable()
class OptionsFactory implements TenancyOptionsFactory {
  constructor(@Inject(CompanyRegistry) readonly registry: CompanyRegistry) {}
  createTenancyOptions(): TenancyOptions {
    return { registry: this.registry, sources };
  }
}

@Module({ imports: [CompanyModule], providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

const whoAsAcme = async (imports: ModuleMetadata['imports'] & {}, more: ModuleMetadata = {}) => {
  const server = await serve('express', {
    ...more,
    imports,
    controllers: [WhoController, ...(more.controllers ?? [])],
  });
  try {
    return (await call(server, 'acme.localhost', '/who')).body;
  } finally {
    await server.close();
  }
};

describe('TenancyModule', () => {
  it.each<[string, () => NonNullable<ModuleMetadata['imports']>[number]]>([
    ['forRoot', () => TenancyModule.forRoot(options())],
    [
      'forRootAsync with useFactory',
      () =>
        TenancyModule.forRootAsync({
          imports: [CompanyModule],
          inject: [CompanyRegistry],
          useFactory: async (registry: CompanyRegistry) => ({ registry, sources }),
        }),
    ],
    [
      'forRootAsync with useClass',
      () => TenancyModule.forRootAsync({ imports: [CompanyModule], useClass: OptionsFactory }),
    ],
    [
      'forRootAsync with useExisting',
      () => TenancyModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
    ],
  ])('%s', async (_, tenancy) => {
    expect(await whoAsAcme([tenancy()])).toEqual({ id: 't_acme' });
  });

  it('forRootAsync validates when the module is built', async () => {
    const building = Test.createTestingModule({
      imports: [TenancyModule.forRootAsync({ useFactory: () => ({ ...options(), sources: [] }) })],
    }).compile();
    await expect(building).rejects.toThrow(/tenancy_misconfigured: TenancyModule\.sources: is empty/);
  });

  const NOT_REGISTERED =
    /^tenancy_misconfigured: TenancyModule: it is imported without options\. Import `TenancyModule\.forRoot\(/;

  it.each(['before', 'behind'])('without forRoot says what to write, %s the modules that need it', async (place) => {
    @Injectable()
    class Service {
      constructor(
        @Inject(TenantContext) readonly context: TenantContext,
        @Inject(TenantRegistry) readonly registry: TenantRegistry,
      ) {}
    }
    @Module({ providers: [Service], controllers: [WhoController] })
    class FeatureModule {}
    const imports = place === 'before' ? [TenancyModule, FeatureModule] : [FeatureModule, TenancyModule];
    await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(NOT_REGISTERED);
    await expect(serve('express', { imports })).rejects.toThrow(NOT_REGISTERED);
  });

  it("without forRoot in a module beside the root's says to leave it out", async () => {
    @Module({ imports: [TenancyModule] })
    class FeatureModule {}
    const building = Test.createTestingModule({ imports: [TenancyModule.forRoot(options()), FeatureModule] }).compile();
    await expect(building).rejects.toThrow(/and nothing in the others: it is global/);
  });

  it('is global unless told otherwise', async () => {
    @Injectable()
    class Service {
      constructor(@Inject(TenantContext) readonly context: TenantContext) {}
    }
    @Module({ providers: [Service] })
    class FeatureModule {}
    const build = (isGlobal?: boolean) =>
      Test.createTestingModule({
        imports: [TenancyModule.forRoot({ ...options(), ...(isGlobal !== undefined && { isGlobal }) }), FeatureModule],
      }).compile();
    await expect(build()).resolves.toBeDefined();
    await expect(build(false)).rejects.toThrow(/TenantContext/);
  });

  it('exports what is composed by hand', async () => {
    const module = await Test.createTestingModule({ imports: [TenancyModule.forRoot(options())] }).compile();
    expect(module.get(TenantResolver)).toBeInstanceOf(TenantResolver);
    expect(module.get(TenantRegistry)).toBeInstanceOf(CachedTenantRegistry);
    expect(module.get(CachedTenantRegistry)).toBe(module.get(TenantRegistry));
    expect(await module.get<TenantRegistry>(TenantRegistry).findBySlug('acme')).toMatchObject(acme);
  });

  it('asks the registry each time without a cache', async () => {
    const registry = testRegistry();
    const find = vi.spyOn(registry, 'findBySlug');
    const module = await Test.createTestingModule({
      imports: [TenancyModule.forRoot({ registry, sources, cache: false })],
    }).compile();
    const resolver = module.get(TenantResolver);
    for (let i = 0; i < 3; i += 1) await resolver.resolve({ headers: { host: 'acme.localhost' }, url: '/' });
    expect(find).toHaveBeenCalledTimes(3);
    expect(() => module.get(CachedTenantRegistry).invalidate('t_acme')).not.toThrow();
  });

  it('has no request-scoped provider, so nothing is made anew for a request', async () => {
    const module = await Test.createTestingModule({ imports: [TenancyModule.forRoot(options())] }).compile();
    const ours = [...module.get(ModulesContainer).values()].find(({ metatype }) => metatype === TenancyModule);
    const providers = [...(ours?.providers.values() ?? [])];
    expect(providers.length).toBeGreaterThan(5);
    for (const provider of providers) {
      expect([provider.name, provider.scope ?? Scope.DEFAULT, provider.isDependencyTreeStatic()]).toEqual([
        provider.name,
        Scope.DEFAULT,
        true,
      ]);
    }
  });

  it('is registered once: a second entrance could let a second tenant in', async () => {
    const twice = serve('express', { imports: [TenancyModule.forRoot(options()), TenancyModule.forRoot(options())] });
    await expect(twice).rejects.toThrow(
      /tenancy_misconfigured: TenancyModule: it is registered twice.+Register it once/,
    );
  });

  it('is registered once, by one copy of the package', async () => {
    vi.resetModules();
    const other = await import('../src/index.js');
    expect(other.TenancyModule).not.toBe(TenancyModule);
    const twice = serve('express', {
      imports: [TenancyModule.forRoot(options()), other.TenancyModule.forRoot(options())],
    });
    await expect(twice).rejects.toThrow(/tenancy_misconfigured: TenancyModule: it is registered twice.+npm ls/);
    const alone = await serve('express', { imports: [other.TenancyModule.forRoot(options())] });
    await alone.close();
  });

  it('says so when the HTTP adapter has no request hook', async () => {
    const old = serve('express', { imports: [TenancyModule.forRoot(options())] }, (app) => {
      Object.assign(app.getHttpAdapter(), { setOnRequestHook: undefined });
    });
    await expect(old).rejects.toThrow(
      /tenancy_misconfigured: TenancyModule: the HTTP adapter has no request hook.+11\.1\.4/,
    );
  });

  it('works without HTTP', async () => {
    const module = await Test.createTestingModule({ imports: [TenancyModule.forRoot(options())] }).compile();
    await module.init();
    expect(module.get(TenantContext).run(acme, () => module.get(TenantContext).tenantId)).toBe('t_acme');
    await module.close();
  });

  it("as a middleware composed by hand, without the module's own entrance", async () => {
    const { TenantGuard } = await import('../src/index.js');
    const resolver = new TenantResolver({ sources }, testRegistry());
    const middleware = new TenantResolverMiddleware(resolver);
    const server = await serve(
      'express',
      { controllers: [WhoController], providers: [TenantContext, { provide: APP_GUARD, useClass: TenantGuard }] },
      (app) => void app.use(middleware.use.bind(middleware)),
    );
    expect((await call(server, 'acme.localhost', '/who')).body).toEqual({ id: 't_acme' });
    expect((await call(server, 'localhost', '/who')).body['message']).toBe('tenant_required');
    await server.close();
  });
});

describe.each(adapters)("a global guard of the application's own on %s", (adapter) => {
  it("runs before ours and is refused all the same, with the refusal's own code", async () => {
    class EarlyGuard implements CanActivate {
      canActivate() {
        return new TenantContext().tenantId !== '';
      }
    }
    const server = await serve(adapter, {
      imports: [TenancyModule.forRoot(options())],
      controllers: [WhoController],
      providers: [{ provide: APP_GUARD, useClass: EarlyGuard }],
    });
    expect((await call(server, 'acme.localhost', '/who')).body).toEqual({ id: 't_acme' });
    expect((await call(server, 'nobody.localhost', '/who')).body).toMatchObject({
      statusCode: 401,
      message: 'tenant_required',
    });
    await server.close();
  });
});

describe('a registry that fails', () => {
  const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  afterEach(() => log.mockClear());

  @Controller()
  class HealthController {
    @Untenanted()
    @Get('health')
    health() {
      return { ok: true };
    }
  }

  it.each(adapters)(
    'makes the request fail with 503 on %s, with the cause in the log, and leaves untenanted routes alone',
    async (adapter) => {
      const down = async (): Promise<never> => {
        throw new Error('connection refused by the tenant database');
      };
      const server = await serve(adapter, {
        imports: [TenancyModule.forRoot({ registry: { findById: down, findBySlug: down }, sources })],
        controllers: [WhoController, HealthController],
      });
      const reply = await call(server, 'acme.localhost', '/who');
      expect([reply.status, reply.body]).toEqual([
        503,
        { statusCode: 503, message: 'tenant_registry_unavailable', error: 'Service Unavailable' },
      ]);
      expect(log.mock.calls.flat().join('\n')).toMatch(/tenant_registry_unavailable.+connection refused/s);
      expect((await call(server, 'acme.localhost', '/health')).body).toEqual({ ok: true });
      await server.close();
    },
  );

  it("logs nothing for a refusal that is the caller's own fault", async () => {
    const server = await serve('express', {
      imports: [TenancyModule.forRoot(options())],
      controllers: [WhoController],
    });
    expect((await call(server, 'nobody.localhost', '/who')).status).toBe(401);
    expect(log).not.toHaveBeenCalled();
    await server.close();
  });
});

it.each(adapters)('loaded lazily on %s it would guard nothing, and is refused', async (adapter) => {
  const server = await serve(adapter, {});
  try {
    const loader = server.app.get(LazyModuleLoader);
    await expect(loader.load(() => TenancyModule.forRoot(options()))).rejects.toThrow(
      'TenancyModule: it is loaded while the application runs already, and would guard nothing. Import it in the root module.',
    );
  } finally {
    await server.close();
  }
});
