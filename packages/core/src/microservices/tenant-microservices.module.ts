import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { admissionOf, admitMessages } from '../entrances/message-admission.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-options.js';
import { markWall } from '../leftovers/wall.js';
import { TenantRegistry } from '../registry/tenant-registry.js';
import { Clients } from '../replies/clients.js';
import { carryStamps } from './carried.js';
import { MessageAdmitting } from './message-admitting.js';
import { resolveMicroservicesOptions, type TenantMicroservicesOptions, wiringFor } from './microservices-options.js';
import { holdNestClients } from './nest-clients.js';
import { holdSending } from './sending.js';
import { began, begins, ended, type Wiring, wireClient, wired } from './wiring.js';

const OPTIONS = Symbol('@tenancy/core/microservices:options');

/** The class that `forRootAsync({ useClass | useExisting })` takes. */
export interface TenantMicroservicesOptionsFactory {
  /** The options, made when the application starts. */
  createMicroservicesOptions(): TenantMicroservicesOptions | Promise<TenantMicroservicesOptions>;
}

/** Options of `TenantMicroservicesModule.forRootAsync`. */
export interface TenantMicroservicesAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /**
   * Makes the options, of what `inject` names.
   * @defaultValue none: `useClass` or `useExisting` says it
   */
  // biome-ignore lint/suspicious/noExplicitAny: what is injected has the types that the application says.
  readonly useFactory?: (...args: any[]) => TenantMicroservicesOptions | Promise<TenantMicroservicesOptions>;
  /**
   * Tokens of what `useFactory` is given.
   * @defaultValue none
   */
  readonly inject?: readonly unknown[];
  /**
   * The class that makes the options, made here.
   * @defaultValue none
   */
  readonly useClass?: Type<TenantMicroservicesOptionsFactory>;
  /**
   * The same, of a provider that is there.
   * @defaultValue none
   */
  readonly useExisting?: Type<TenantMicroservicesOptionsFactory>;
}

/** All that the module does in one application. */
@Injectable()
class Messages implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly wiring: Wiring;

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OPTIONS) options: ReturnType<typeof resolveMicroservicesOptions>,
    @Optional() @Inject(TenantRegistry) registry: TenantRegistry | undefined,
  ) {
    this.wiring = wiringFor(options, registry);
    if (admissionOf(modules)) throw twice();
    admitMessages(modules, new MessageAdmitting(this.wiring));
    modules.getRpcTargetRegistry<object>().subscribe((server) => {
      began(this.wiring);
      carryStamps(server);
    });
    begins(this.wiring, modules, () => this.wireClients());
  }

  onModuleInit(): void {
    this.wireClients();
  }

  onApplicationBootstrap(): void {
    began(this.wiring);
    wired(this.wiring);
  }

  private wireClients(): void {
    new Clients(this.modules).visit((client) => {
      holdSending(client);
      wireClient(client, this.wiring);
    });
  }

  onApplicationShutdown(): void {
    ended(this.wiring);
  }
}

/**
 * Messages between services, for tenants: what a client sends carries the tenant that it is sent for, and a handler runs as that tenant,
 * before guards and pipes. The rest of the application stays as it is: `ClientsModule`, `ClientProxy`, `@MessagePattern()`, records,
 * serializers.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { ClientsModule, Transport } from '@nestjs/microservices';
 * import { TenantMicroservicesModule } from '@tenancy/core/microservices';
 *
 * @Module({
 *   imports: [
 *     TenantMicroservicesModule.forRoot({ secret: process.env.MESSAGE_SECRET }),
 *     ClientsModule.register([{ name: 'PRICES', transport: Transport.NATS }]),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({})
export class TenantMicroservicesModule {
  constructor(@Optional() @Inject(OPTIONS) options?: ReturnType<typeof resolveMicroservicesOptions>) {
    if (options) return;
    throw new TenancyConfigurationError(
      'TenantMicroservicesModule',
      'is imported without its options, and so does nothing',
      'Import `TenantMicroservicesModule.forRoot({ … })`.',
    );
  }

  /**
   * Registers tenants for messages, once, in the root module.
   * @throws `tenancy_misconfigured` at once, naming the option that is wrong and the fix.
   */
  static forRoot(options?: TenantMicroservicesOptions): DynamicModule {
    const resolved = resolveMicroservicesOptions(options);
    return held([{ provide: OPTIONS, useValue: resolved }]);
  }

  /** As `forRoot`, with options that come from injection; they are validated when the module is built. */
  static forRootAsync(options: TenantMicroservicesAsyncOptions): DynamicModule {
    const place = 'TenantMicroservicesModule.forRootAsync';
    refuseUnknown(place, options, ['imports', 'inject', 'useFactory', 'useClass', 'useExisting']);
    const { imports, inject = [], useFactory, useClass, useExisting } = options ?? {};
    const from = useClass ?? useExisting;
    if (!useFactory && !from) {
      throw new TenancyConfigurationError(
        place,
        'is told no way to its options',
        'Pass `useFactory`, `useClass` or `useExisting`.',
      );
    }
    const own = useFactory ?? ((factory: TenantMicroservicesOptionsFactory) => factory.createMicroservicesOptions());
    const made: Provider = {
      provide: OPTIONS,
      inject: (useFactory ? [...inject] : [from]) as never[],
      useFactory: async (...args: unknown[]) => {
        const options = await own(...(args as [never]));
        requireOptions('TenantMicroservicesModule', options);
        return resolveMicroservicesOptions(options);
      },
    };
    return held([made, ...(useFactory || !useClass ? [] : [useClass])], imports);
  }
}

function held(providers: Provider[], imports: ModuleMetadata['imports'] = []): DynamicModule {
  holdNestClients();
  return { module: TenantMicroservicesModule, imports, providers: [...providers, Messages] };
}

markWall(TenantMicroservicesModule);

const twice = () =>
  new TenancyConfigurationError(
    'TenantMicroservicesModule',
    'is imported twice',
    'Import it once, in the root module: it is for all clients and handlers.',
  );
