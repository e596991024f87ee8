import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { isGateway } from './sent-codes.js';
import { TenantGuard } from './tenant.guard.js';

const GUARDS = '__guards__';
const guard = new TenantGuard();
/** How many applications in this process have guarded a handler. */
const guarded = new WeakMap<object, number>();

/**
 * The guard of WebSocket gateways, to which Nest 11 gives none of the application's global ones: it is put on each of their
 * handlers, for as long as the application runs. On Nest 12 it decides again what the global one has, and so the same:
 * whichever version is bundled, nothing has to be known of it.
 */
@Injectable()
export class GatewayEntrance implements OnModuleDestroy {
  private handlers: readonly object[] = [];

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** Called once, before gateways are connected. */
  open(): void {
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

const guardsOf = (handler: object): unknown[] => (Reflect.getMetadata(GUARDS, handler) as unknown[] | undefined) ?? [];
