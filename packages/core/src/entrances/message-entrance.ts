import { Inject, Injectable, Logger } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { throwError } from 'rxjs';
import { enter } from '../context/enter.js';
import { storage, storeFor, type TenantStore } from '../context/storage.js';
import { tenancyErrors } from '../errors/codes.js';
import { TenantRequiredError } from '../errors/refusals.js';
import { refusedMessage } from './refused-message.js';
import { isUntenantedHandler } from './untenanted.decorator.js';

/** A handler as Nest hands it to a server. Several of one event are a chain. */
interface Handler {
  (...args: unknown[]): unknown;
  next?: Handler | undefined;
}

interface Server {
  readonly transportId?: unknown;
  addHandler(pattern: unknown, handler: Handler, isEvent?: boolean, extras?: object): void;
}

/** A handler as its decorators declare it. */
interface Declared {
  readonly name: string;
  readonly untenanted: boolean;
}

const logger = new Logger('Tenancy');
const opened = new WeakSet<Server>();

/**
 * The entrance of messages and events, on every server of the application: a standalone microservice's, and those that
 * `connectMicroservice` adds, which have no global guard unless they inherit the application's configuration (M6).
 *
 * A handler runs as the tenant that somebody has entered around it, and is refused where nobody has.
 */
@Injectable()
export class MessageEntrance {
  /** By the object that the decorator keeps for a handler, which Nest hands to the server along with it. */
  private declared: Map<object, Declared> | undefined;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** Called once, before any server has a handler. */
  open(): void {
    this.modules.getRpcTargetRegistry<Server>().subscribe((server) => {
      if (typeof server?.addHandler !== 'function' || opened.has(server)) return;
      opened.add(server);
      const { addHandler } = server;
      server.addHandler = (pattern, handler, isEvent = false, extras = {}) =>
        addHandler.call(server, pattern, this.guarded(server, pattern, handler, isEvent, extras), isEvent, extras);
    });
  }

  private guarded(server: Server, pattern: unknown, handler: Handler, isEvent: boolean, extras: object): Handler {
    this.declared ??= this.scan();
    const { name, untenanted } = this.declared.get(extras) ?? { name: `of ${describe(pattern)}`, untenanted: false };
    const guarded = (...args: unknown[]): unknown => {
      const store = storeAround();
      if (untenanted) return store ? callOutside(store, handler, args) : handler(...args);
      // M10: what it answers with may begin when Nest subscribes to it.
      if (store?.tenant) return enter(store, () => handler(...args));
      const { code } = store?.refusal ?? new TenantRequiredError();
      logger.error(refusedMessage(code, isEvent ? 'event' : 'message', name));
      // M9: neither thrown nor rejected, which makes a caller wait for ever.
      return isEvent ? handler.next?.(...args) : throwError(() => answer(code, server));
    };
    // M11: Nest reads the next handler of an event on its own function.
    return Object.defineProperty(guarded, 'next', {
      get: () => handler.next,
      set: (next: Handler) => {
        handler.next = next;
      },
    });
  }

  private scan(): Map<object, Declared> {
    const scanner = new MetadataScanner();
    const declared = new Map<object, Declared>();
    for (const { controllers } of this.modules.values()) {
      for (const { metatype } of controllers.values()) {
        const prototype: Record<string, unknown> | undefined = metatype?.prototype;
        if (!metatype || !prototype) continue;
        for (const method of scanner.getAllMethodNames(prototype)) {
          const handler = prototype[method] as object;
          const extras: unknown = Reflect.getMetadata('microservices:pattern_extras', handler);
          if (typeof extras !== 'object' || extras === null) continue;
          const known = declared.get(extras);
          const untenanted = isUntenantedHandler(handler, metatype);
          declared.set(extras, {
            name: known?.name ?? `${metatype.name}.${method}`,
            // An inherited handler is that of several controllers, and Nest does not say of which.
            untenanted: untenanted && (known?.untenanted ?? true),
          });
        }
      }
    }
    return declared;
  }
}

/** The store of the handlers of one event: each but the first is called by the one before it. */
function storeAround(): TenantStore | undefined {
  const store = storage.getStore();
  return store && (around.get(store) ?? store);
}

function callOutside(store: TenantStore, handler: Handler, args: unknown[]): unknown {
  const none = storeFor(null);
  around.set(none, store);
  return enter(none, () => handler(...args));
}

const around = new WeakMap<TenantStore, TenantStore>();

const describe = (pattern: unknown) => (typeof pattern === 'string' ? pattern : JSON.stringify(pattern));

const GRPC = 4;
const grpcStatus: Readonly<Record<number, number>> = { 401: 16, 403: 7, 503: 14 };

/** The answer for the caller: the code, in the form of Nest's own errors, and in gRPC's with its own number. */
function answer(code: keyof typeof tenancyErrors, { transportId }: Server): object {
  const error = { status: 'error', message: code };
  return transportId === GRPC ? { ...error, code: grpcStatus[tenancyErrors[code].status] ?? 13 } : error;
}
