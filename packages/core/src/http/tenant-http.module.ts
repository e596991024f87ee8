import { ConfigurableModuleBuilder, type DynamicModule, Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CalledHosts, type CalledHostsOptions } from './called-hosts.js';
import { hookAxios } from './tenant-axios.js';
import { fetchTelling } from './tenant-fetch.js';

/** The class that `forRootAsync({ useClass | useExisting })` takes. */
export interface TenantHttpOptionsFactory {
  /** The options, made when the application starts. */
  create(): CalledHostsOptions | Promise<CalledHostsOptions>;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<CalledHostsOptions>({ moduleName: 'TenantHttp' })
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** The token of a `fetch` that tells the hosts of `TenantHttpModule` the tenant. */
export const TENANT_FETCH: symbol = Symbol.for('@tenancy/core:fetch');

/** The token that @nestjs/axios has for the instance behind an `HttpService`, in each of its versions. */
const AXIOS = 'AXIOS_INSTANCE_TOKEN';

/**
 * Tells named hosts the tenant: with every `HttpService` of @nestjs/axios that the application has, as they are, and with the `fetch`
 * that is injected as {@link TENANT_FETCH}.
 *
 * @example
 * ```ts
 * import { Inject, Injectable, Module } from '@nestjs/common';
 * import { TENANT_FETCH, TenantHttpModule } from '@tenancy/core/http';
 *
 * @Injectable()
 * class Invoices {
 *   constructor(@Inject(TENANT_FETCH) private readonly fetch: typeof globalThis.fetch) {}
 *
 *   list = () => this.fetch('https://billing.internal/invoices');
 * }
 *
 * @Module({
 *   imports: [
 *     TenantHttpModule.forRoot({ hosts: ['https://billing.internal'], secret: process.env.SERVICES_SECRET }),
 *   ],
 *   providers: [Invoices],
 * })
 * export class AppModule {}
 * ```
 */
@Module({
  providers: [
    {
      provide: CalledHosts,
      useFactory: (options: CalledHostsOptions) => new CalledHosts('TenantHttpModule', options),
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: TENANT_FETCH,
      // Looked up with each call: what traces or mocks may set it later.
      useFactory: (hosts: CalledHosts) => fetchTelling(hosts, (...args) => globalThis.fetch(...args)),
      inject: [CalledHosts],
    },
  ],
  exports: [TENANT_FETCH],
})
export class TenantHttpModule extends ConfigurableModuleClass implements OnModuleDestroy {
  #takeBack: readonly (() => void)[] = [];

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(CalledHosts) private readonly hosts: CalledHosts,
  ) {
    super();
  }

  /**
   * Registers which services are told the tenant, once, in the root module.
   * @throws `tenancy_misconfigured` at once, naming the option that is wrong and the fix.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    new CalledHosts('TenantHttpModule', options);
    return super.forRoot(options);
  }

  /** As `forRoot`, with options that come from injection; they are validated when the module is built. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /** @internal Nest calls this once everything is made. */
  onModuleInit(): void {
    // Modules that register nothing share the instance that axios itself exports.
    const instances = new Set<Parameters<typeof hookAxios>[0]>();
    for (const { providers } of this.modules.values()) {
      const instance: unknown = providers.get(AXIOS)?.instance;
      if (instance) instances.add(instance as Parameters<typeof hookAxios>[0]);
    }
    this.#takeBack = [...instances].map((instance) => hookAxios(instance, this.hosts));
  }

  /** @internal Nest calls this when the application closes. */
  onModuleDestroy(): void {
    for (const takeBack of this.#takeBack) takeBack();
  }
}
