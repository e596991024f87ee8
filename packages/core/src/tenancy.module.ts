import { type DynamicModule, Inject, Module, type NestModule, type OnModuleInit } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TenantAdmin } from './admin/tenant-admin.js';
import { TenantSocketAdmin } from './admin/tenant-socket-admin.js';
import { TenantContext } from './context/tenant-context.js';
import { GatewayEntrance } from './entrances/gateway-entrance.js';
import { GraphQLEntrance } from './entrances/graphql-entrance.js';
import { HttpEntrance } from './entrances/http-entrance.js';
import { Interceptors } from './entrances/interceptors.js';
import { MessageEntrance } from './entrances/message-entrance.js';
import { sentCodes } from './entrances/sent-codes.js';
import { TenantGuard } from './entrances/tenant.guard.js';
import { TenancyConfigurationError } from './errors/configuration-error.js';
import { refuseUnknown } from './errors/refuse-unknown.js';
import { Sagas } from './events/sagas.js';
import { Leftovers } from './leftovers/leftovers.js';
import { CachedTenantRegistry } from './registry/cached-tenant-registry.js';
import { CheckedTenantRegistry } from './registry/checked-tenant-registry.js';
import { RegistryWatch } from './registry/registry-watch.js';
import { TenantRegistry } from './registry/tenant-registry.js';
import { Clients } from './replies/clients.js';
import { Results } from './replies/results.js';
import { TenantResolver } from './resolution/tenant-resolver.js';
import { requireSupportedNest } from './supported-nest.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './tenancy.module-definition.js';
import { type ResolvedTenancyOptions, resolveTenancyOptions, type TenancyOptions } from './tenancy.options.js';
import { RESOLVED_OPTIONS } from './tokens.js';

const ASYNC_OPTION_NAMES = [
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
  'provideInjectionTokensFrom',
  'isGlobal',
];

function checkGlobal(isGlobal: unknown): void {
  if (isGlobal === undefined || typeof isGlobal === 'boolean') return;
  throw new TenancyConfigurationError(
    'TenancyModule.isGlobal',
    'is neither true nor false',
    'Correct it, or leave it out.',
  );
}

/**
 * Identifies the tenant of every request, carries it, and refuses what has none.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { fromJwt, fromSubdomain, InMemoryTenantRegistry, TenancyModule } from '@tenancy/core';
 *
 * @Module({
 *   imports: [
 *     TenancyModule.forRoot({
 *       registry: new InMemoryTenantRegistry([
 *         { id: 't_acme', slug: 'acme' },
 *         { id: 't_globex', slug: 'globex' },
 *       ]),
 *       sources: [fromSubdomain({ baseDomain: 'app.example.com' }), fromJwt({ secret: process.env.JWT_SECRET })],
 *     }),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({
  providers: [
    TenantContext,
    TenantResolver,
    TenantAdmin,
    TenantSocketAdmin,
    HttpEntrance,
    GraphQLEntrance,
    MessageEntrance,
    GatewayEntrance,
    sentCodes,
    Clients,
    Interceptors,
    Leftovers,
    Results,
    Sagas,
    RegistryWatch,
    { provide: APP_GUARD, useClass: TenantGuard },
    {
      // Whoever imports the class itself has this one; those of forRoot take its place.
      provide: MODULE_OPTIONS_TOKEN,
      useFactory: () => {
        throw new TenancyConfigurationError(
          'TenancyModule',
          'it is imported without options',
          'Import `TenancyModule.forRoot({ registry, sources })` in the root module, and nothing in the others: it is global by default.',
        );
      },
    },
    {
      provide: RESOLVED_OPTIONS,
      useFactory: (options: TenancyOptions) => resolveTenancyOptions(options),
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: TenantRegistry,
      useFactory: ({ registry, registryTimeout, cache }: ResolvedTenancyOptions): TenantRegistry => {
        const checked = new CheckedTenantRegistry(registry, registryTimeout);
        return cache ? new CachedTenantRegistry(checked, cache) : checked;
      },
      inject: [RESOLVED_OPTIONS],
    },
    {
      // For `invalidate`, which has nothing to forget when nothing is cached.
      provide: CachedTenantRegistry,
      useFactory: (registry: TenantRegistry) =>
        registry instanceof CachedTenantRegistry ? registry : new CachedTenantRegistry(registry),
      inject: [TenantRegistry],
    },
  ],
  exports: [
    TenantContext,
    TenantResolver,
    TenantRegistry,
    CachedTenantRegistry,
    TenantAdmin,
    TenantSocketAdmin,
    RESOLVED_OPTIONS,
  ],
})
export class TenancyModule extends ConfigurableModuleClass implements NestModule, OnModuleInit {
  constructor(
    @Inject(HttpEntrance) private readonly http: HttpEntrance,
    @Inject(GraphQLEntrance) private readonly graphql: GraphQLEntrance,
    @Inject(MessageEntrance) messages: MessageEntrance,
    @Inject(GatewayEntrance) gateways: GatewayEntrance,
    @Inject(Clients) private readonly clients: Clients,
    @Inject(Interceptors) private readonly interceptors: Interceptors,
    @Inject(Leftovers) private readonly leftovers: Leftovers,
    @Inject(Sagas) private readonly sagas: Sagas,
    @Inject(Results) results: Results,
  ) {
    super();
    // Servers may be connected before the application is initialized, and a standalone microservice is never configured.
    messages.open();
    results.hold();
    // Around what holds results, which calls some handlers by itself.
    gateways.open();
  }

  /**
   * Registers tenancy for the whole application, once, in the root module.
   * @throws `tenancy_misconfigured` at once, naming the option that is wrong and the fix.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    requireSupportedNest();
    const { isGlobal, ...own } = options ?? {};
    checkGlobal(isGlobal);
    resolveTenancyOptions(own);
    return super.forRoot(options);
  }

  /** As `forRoot`, with options that come from injection; they are validated when the module is built. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    requireSupportedNest();
    refuseUnknown('TenancyModule.forRootAsync', options, ASYNC_OPTION_NAMES);
    if (!options?.useFactory && !options?.useClass && !options?.useExisting) {
      throw new TenancyConfigurationError(
        'TenancyModule.forRootAsync',
        'is told no way to its options',
        'Pass `useFactory`, `useClass` or `useExisting`.',
      );
    }
    checkGlobal(options?.isGlobal);
    return super.forRootAsync(options);
  }

  /** @internal Nest calls this for HTTP applications, before it registers their routes. */
  configure(): void {
    this.http.open();
    this.graphql.open();
  }

  /** @internal Nest calls this once everything is made. */
  onModuleInit(): void {
    this.leftovers.refuse();
    this.clients.hold();
    this.interceptors.hold();
    this.sagas.hold();
  }
}
