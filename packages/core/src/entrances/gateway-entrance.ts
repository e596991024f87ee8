import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  ApplicationConfig,
  ExternalContextCreator,
  HttpAdapterHost,
  MetadataScanner,
  ModulesContainer,
} from '@nestjs/core';
import { storage, storeFor } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantRegistry } from '../registry/tenant-registry.js';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import { isGateway } from './sent-codes.js';
import { SOCKET_TOOLS, type SocketTools, type TakesSocketTools } from './socket-tools.js';
import { TenantGuard } from './tenant.guard.js';
import { isUntenantedHandler } from './untenanted.decorator.js';

const GUARDS = '__guards__';
const guard = new TenantGuard();
/** The number of applications in this process that have guarded a handler. */
const guarded = new WeakMap<object, number>();

/**
 * The guard of WebSocket gateways, to which Nest 11 gives none of the application's global ones: it is put on each of their
 * handlers, for as long as the application runs. On Nest 12 it decides again what the global one has, and so the same:
 * whichever version is bundled, nothing has to be known of it.
 */
@Injectable()
export class GatewayEntrance implements OnModuleDestroy {
  private handlers: readonly object[] = [];

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ExternalContextCreator) private readonly creator: ExternalContextCreator,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(TenantResolver) private readonly resolver: TenantResolver,
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
  ) {}

  /** Called once, before gateways are connected. */
  open(): void {
    const { resolver, registry, modules, http } = this;
    tellAdapters(this.config, { resolver, registry, modules, http });
    callOutside(this.creator as unknown as Consumers);
    this.handlers = [...this.scan()];
    for (const handler of this.handlers) {
      const users = guarded.get(handler) ?? 0;
      guarded.set(handler, users + 1);
      if (users === 0) Reflect.defineMetadata(GUARDS, [guard, ...guardsOf(handler)], handler);
    }
  }

  onModuleDestroy(): void {
    for (const handler of this.handlers) {
      const users = (guarded.get(handler) ?? 1) - 1;
      guarded.set(handler, users);
      // Another application may use the same class without tenants.
      if (users === 0)
        Reflect.defineMetadata(
          GUARDS,
          guardsOf(handler).filter((each) => each !== guard),
          handler,
        );
    }
    this.handlers = [];
  }

  private *scan(): Iterable<object> {
    const scanner = new MetadataScanner();
    for (const { providers } of this.modules.values()) {
      for (const { metatype } of providers.values()) {
        if (!isGateway(metatype)) continue;
        const { prototype } = metatype;
        for (const method of scanner.getAllMethodNames(prototype)) {
          const handler = prototype[method];
          if (handler && Reflect.hasMetadata('websockets:message_mapping', handler)) yield handler;
        }
      }
    }
  }
}

/** Hands the tools of this application to the adapter that it will use, which knows nothing of it. */
function tellAdapters(config: ApplicationConfig, tools: SocketTools): void {
  const { setIoAdapter, getIoAdapter } = config;
  let isAsked = false;
  // Nest asks for it once it connects the first gateway, and never again.
  config.getIoAdapter = () => {
    isAsked = true;
    return getIoAdapter.call(config);
  };
  config.setIoAdapter = (adapter) => {
    const take = (adapter as TakesSocketTools | undefined)?.[SOCKET_TOOLS];
    if (take && isAsked) throw tooLate();
    take?.(tools);
    return setIoAdapter.call(config, adapter);
  };
}

const tooLate = () =>
  new TenancyConfigurationError(
    'tenantSockets',
    'is set after the gateways were connected, by another adapter, which identifies nobody',
    'Call `app.useWebSocketAdapter(tenantSockets(…))` before `app.init()` and `app.listen()`.',
  );

const guardsOf = (handler: object): unknown[] => (Reflect.getMetadata(GUARDS, handler) as unknown[] | undefined) ?? [];

/** Guards are called with the kind of call behind the handler, interceptors with what calls that in between. */
type Call = (
  this: unknown,
  about: unknown,
  args: unknown,
  instance: object,
  callback: object,
  last: unknown,
  type?: unknown,
) => unknown;

/** The objects of Nest that call guards, and interceptors with the handler, of any transport. */
interface Consumers {
  readonly guardsConsumer?: object;
  readonly interceptorsConsumer?: object;
}

const calling = new WeakSet<object>();

/**
 * An untenanted handler of a gateway, with its guards and interceptors, is called outside of what is entered around it.
 * That may be the tenant of everything on its connection, from which it must not be taken.
 */
function callOutside({ guardsConsumer, interceptorsConsumer }: Consumers): void {
  for (const [consumer, method] of [
    [guardsConsumer, 'tryActivate'],
    [interceptorsConsumer, 'intercept'],
  ] as const) {
    const prototype: Record<string, Call> = Object.getPrototypeOf(consumer ?? {});
    const call = prototype[method];
    if (typeof call !== 'function' || calling.has(prototype)) continue;
    calling.add(prototype);
    // With no list of what comes: every guarded request over HTTP comes by here.
    prototype[method] = function (about, args, instance, callback, last, type) {
      if (type !== 'ws' && last !== 'ws') return call.call(this, about, args, instance, callback, last, type);
      const around = storage.getStore();
      const isOutside = !around || !isUntenantedHandler(callback, instance.constructor);
      if (isOutside) return call.call(this, about, args, instance, callback, last, type);
      return storage.run(storeFor(null), () => call.call(this, about, args, instance, callback, last, type));
    };
  }
}
