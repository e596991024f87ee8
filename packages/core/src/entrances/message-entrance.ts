import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { outsideAnyTenant } from '../context/enter.js';
import { type Declared, declaredHandlers } from './declared-handlers.js';
import { guardedHandler, type Handler } from './guarded-handler.js';
import { admissionOf } from './message-admission.js';

interface Server {
  readonly transportId?: unknown;
  addHandler(pattern: unknown, handler: Handler, isEvent?: boolean, extras?: object): void;
  listen?(...args: unknown[]): unknown;
}

const opened = new WeakSet<Server>();

/**
 * The entrance of messages and events, on every server of the application: a standalone microservice's, and those that
 * `connectMicroservice` adds, which have no global guard unless they inherit the application's configuration (M6).
 *
 * A handler runs as the tenant of its message, where `TenantMicroservicesModule` reads it, or that somebody has entered around it, and
 * is refused where there is neither.
 */
@Injectable()
export class MessageEntrance {
  private declared: Map<object, Declared> | undefined;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** Called once, before any server has a handler. */
  open(): void {
    this.modules.getRpcTargetRegistry<Server>().subscribe((server) => {
      if (typeof server?.addHandler !== 'function' || opened.has(server)) return;
      opened.add(server);
      const { addHandler, listen } = server;
      /** Patterns of which a handler runs without a tenant. */
      const untenanted = new Set<string>();
      server.addHandler = (pattern, handler, isEvent = false, extras = {}) => {
        const declared = this.declaredBy(pattern, extras);
        const name = describe(pattern);
        if (declared.untenanted) untenanted.add(name);
        const registered = { ...declared, server, pattern, isEvent, isAlone: () => !untenanted.has(name) };
        const guarded = guardedHandler(handler, registered, () => admissionOf(this.modules));
        addHandler.call(server, pattern, guarded, isEvent, extras);
      };
      // C6: what it listens to would deliver everybody's messages as whoever has started it.
      if (typeof listen === 'function') {
        server.listen = (...args) => outsideAnyTenant(() => Reflect.apply(listen, server, args));
      }
    });
  }

  private declaredBy(pattern: unknown, extras: object): Declared {
    this.declared ??= declaredHandlers(this.modules);
    return this.declared.get(extras) ?? { name: `of ${describe(pattern)}`, untenanted: false };
  }
}

const describe = (pattern: unknown) => (typeof pattern === 'string' ? pattern : (JSON.stringify(pattern) ?? ''));
