import {
  BullModule,
  BullRegistrar,
  type BullRootModuleOptions,
  type SharedBullAsyncConfiguration,
} from '@nestjs/bullmq';
import { type DynamicModule, Module, type OnModuleInit, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { TenantQueueAdmin } from '../admin/tenant-queue-admin.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireOptions } from '../errors/require-options.js';
import { TenantRegistry } from '../registry/tenant-registry.js';
import type { ResolvedTenancyOptions } from '../tenancy.options.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import { adoptProviders } from './adopted.js';
import { installClasses, refuseOverwritten } from './classes.js';
import { holdRegistrar } from './registrar.js';
import { removeJobs } from './remove-jobs.js';
import { bullOptions, type TenantBullAsyncOptions, type TenantBullOptions, wiringFor } from './tenant-bull.options.js';
import { WIRING, type Wiring, wiredOptions } from './wiring.js';

const OPTIONS = Symbol('@tenancy/core/bullmq:options');

/**
 * `BullModule.forRoot`, for tenants: each job runs as the tenant that made it, and a queue shows each tenant its own jobs. The rest of the
 * application stays as it is: `BullModule.registerQueue`, `@InjectQueue()`, `@Processor()`, `@OnWorkerEvent()`, `FlowProducer`.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { BullModule } from '@nestjs/bullmq';
 * import { TenantBullModule } from '@tenancy/core/bullmq';
 *
 * @Module({
 *   imports: [
 *     TenantBullModule.forRoot({ connection: { host: 'localhost', port: 6379 }, secret: process.env.QUEUE_SECRET }),
 *     BullModule.registerQueue({ name: 'mails' }),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({})
export class TenantBullModule implements OnModuleInit {
  /**
   * Takes the place of `BullModule.forRoot`. With a key it is one more connection, beside that without.
   *
   * @throws `tenancy_misconfigured`, naming the option that is wrong and the fix.
   */
  static forRoot(options: TenantBullOptions): DynamicModule;
  static forRoot(configKey: string, options: BullRootModuleOptions): DynamicModule;
  static forRoot(keyOrOptions: string | TenantBullOptions, keyed?: BullRootModuleOptions): DynamicModule {
    if (typeof keyOrOptions === 'string') return connection(keyOrOptions, keyed as BullRootModuleOptions);
    const options = keyOrOptions;
    requireOptions('TenantBullModule', options);
    installClasses(options);
    return root([{ provide: OPTIONS, useValue: options }], { extraOptions: options.extraOptions });
  }

  /** Takes the place of `BullModule.forRootAsync`; the options are validated when the module is built. */
  static forRootAsync(options: TenantBullAsyncOptions): DynamicModule {
    requireOptions('TenantBullModule.forRootAsync', options);
    const { imports, extraOptions, extraProviders = [], ...asynchronous } = options;
    installClasses(options);
    return root([...optionProviders(asynchronous), ...extraProviders], { imports, extraOptions });
  }

  /** @internal Nest calls this once everything is made. */
  onModuleInit(): void {
    refuseOverwritten();
  }
}

/** One more connection: whose jobs they are does not depend on it. */
function connection(configKey: string, options: BullRootModuleOptions): DynamicModule {
  const own = ['secret', 'fairness', 'shared', 'queueClass', 'workerClass', 'flowProducerClass'].find(
    (name) => name in options,
  );
  if (own !== undefined) {
    throw new TenancyConfigurationError(
      `TenantBullModule.${own}`,
      `is given to the connection "${configKey}"`,
      'It is for all of them: pass it to the `TenantBullModule.forRoot({ … })` that has no key.',
    );
  }
  const useFactory = (wiring: Wiring | undefined) => {
    if (wiring) return { ...options, ...wiredOptions(wiring) };
    throw new TenancyConfigurationError(
      'TenantBullModule.forRoot',
      `there is a connection "${configKey}", and none without a key`,
      'Import `TenantBullModule.forRoot({ connection, … })` too, which holds for all of them.',
    );
  };
  const inject = [{ token: WIRING, optional: true }];
  return {
    module: TenantBullModule,
    imports: [BullModule.forRootAsync(configKey, { inject: inject as never[], useFactory })],
  };
}

interface Extras {
  readonly imports?: SharedBullAsyncConfiguration['imports'] | undefined;
  readonly extraOptions?: SharedBullAsyncConfiguration['extraOptions'] | undefined;
}

function root(providers: readonly Provider[], { imports = [], extraOptions }: Extras): DynamicModule {
  return {
    module: TenantBullModule,
    global: true,
    imports: [
      ...imports,
      BullModule.forRootAsync({
        ...(extraOptions && { extraOptions }),
        inject: [OPTIONS, WIRING],
        useFactory: (options: TenantBullOptions, wiring: Wiring) => ({
          ...bullOptions(options),
          ...wiredOptions(wiring),
        }),
      }),
    ],
    providers: [
      ...providers,
      {
        provide: WIRING,
        useFactory: wire,
        inject: [
          OPTIONS,
          ModulesContainer,
          { token: TenantRegistry, optional: true },
          { token: BullRegistrar, optional: true },
        ],
      },
      {
        provide: TenantQueueAdmin,
        useFactory: (options: ResolvedTenancyOptions) => new TenantQueueAdmin(options, removeJobs),
        // After what says that there is no TenancyModule.
        inject: [{ token: RESOLVED_OPTIONS, optional: true }, WIRING],
      },
    ],
    exports: [OPTIONS, WIRING, TenantQueueAdmin],
  };
}

/** For each application: the queues and workers of a process may be of several. Whatever needs the configuration waits for this. */
function wire(
  options: TenantBullOptions,
  modules: ModulesContainer,
  registry: TenantRegistry | undefined,
  registrar: BullRegistrar | undefined,
): Wiring {
  const wiring = wiringFor(options, registry);
  installClasses(options);
  adoptProviders(modules, wiring);
  if (registrar) holdRegistrar(registrar, modules, wiring);
  return wiring;
}

function optionProviders({ useFactory, inject = [], useClass, useExisting }: SharedBullAsyncConfiguration): Provider[] {
  if (useFactory) return [{ provide: OPTIONS, useFactory, inject: inject as never[] }];
  const from = (useExisting ?? useClass) as never;
  const made = {
    provide: OPTIONS,
    useFactory: (factory: { createSharedConfiguration(): unknown }) => factory.createSharedConfiguration(),
    inject: [from],
  };
  return useClass ? [made, { provide: useClass, useClass }] : [made];
}
