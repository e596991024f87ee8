import type { ModulesContainer } from '@nestjs/core';
import { MetadataScanner } from '@nestjs/core';
import { enter } from '../../context/enter.js';
import { isGateway } from '../../entrances/sent-codes.js';
import { isUntenantedHandler } from '../../entrances/untenanted.decorator.js';
import type { AllowedOrigins } from '../../handshake/origin.js';
import { connectionOf } from './connection.js';
import { corsOrigins } from './cors-origins.js';

/**
 * The people that a server, or a namespace, lets in. `tenants`: who has one. `anybody`: others too, because one of its gateways is
 * `@Untenanted()`. `nobody's`: all of its gateways are, and nothing there is a tenant's.
 */
export type Door = 'tenants' | 'anybody' | "nobody's";

/** The place of a gateway: its port, path and namespace. */
export interface Place {
  readonly port: number;
  readonly path?: unknown;
  readonly namespace?: unknown;
}

interface Gateway extends Place {
  readonly name: string;
  readonly untenanted: boolean;
  readonly cors: unknown;
  /** True where it has a handler that is `@Tenanted()` all the same. */
  readonly isMixed: boolean;
}

type GatewayClass = { readonly name: string; readonly prototype: Record<string, object> };

/** A place as its gateways have it. */
export interface Entrance {
  readonly door: Door;
  /** Its name for the log. */
  readonly who: string;
  /** Pages that its gateways have named for CORS. Nest makes a server with the options of one of them alone. */
  readonly origins: readonly AllowedOrigins[];
}

/** The gateways of an application, by the place that they are at. */
export class Gateways {
  readonly #gateways: readonly Gateway[];

  constructor(modules: ModulesContainer) {
    const found: Gateway[] = [];
    for (const { providers } of modules.values()) {
      for (const { metatype, instance } of providers.values()) {
        if (!isGateway(metatype)) continue;
        const gateway = metatype as unknown as GatewayClass;
        found.push(described(gateway));
        for (const hook of ['handleConnection', 'handleDisconnect'] as const) {
          holdHook(gateway.prototype, hook);
          // One that is a property, such as an arrow function, is the instance's own.
          if (instance && Object.hasOwn(instance, hook)) holdHook(instance as Record<string, object>, hook);
        }
      }
    }
    this.#gateways = found;
  }

  /** The entrance at `place`. */
  at(place: Place): Entrance {
    const here = this.#gateways.filter((gateway) => isAt(gateway, place));
    const who = here.length > 0 ? here.map(({ name }) => name).join(', ') : `the namespace ${String(place.namespace)}`;
    if (here.length > 0 && here.every(({ untenanted, isMixed }) => untenanted && !isMixed)) {
      return { door: "nobody's", who, origins: [] };
    }
    const origins = here.flatMap(({ cors }) => corsOrigins(cors));
    return { door: here.some(({ untenanted }) => untenanted) ? 'anybody' : 'tenants', who, origins };
  }
}

function described(gateway: GatewayClass): Gateway {
  const options: Partial<Gateway> = Reflect.getMetadata('websockets:gateway_options', gateway) ?? {};
  const { path, namespace, cors } = options;
  const port: number = Reflect.getMetadata('port', gateway) || 0;
  const untenanted = isUntenantedHandler(gateway, gateway);
  const { prototype } = gateway;
  const handlers = new MetadataScanner().getAllMethodNames(prototype).map((name) => prototype[name] as object);
  const isMixed = handlers.some(
    (handler) => Reflect.hasMetadata('websockets:message_mapping', handler) && !isUntenantedHandler(handler, gateway),
  );
  return { name: gateway.name, port, path, namespace, untenanted, isMixed, cors };
}

const isAt = (gateway: Place, place: Place): boolean =>
  gateway.port === place.port &&
  (gateway.path ?? '') === (place.path ?? '') &&
  namespaceOf(gateway.namespace) === namespaceOf(place.namespace);

/** As Nest and socket.io write it; a `RegExp` or a function is itself. */
const namespaceOf = (namespace: unknown): unknown =>
  typeof namespace === 'string' || !namespace ? `/${String(namespace ?? '').replace(/^\//, '')}` : namespace;

type Hook = (this: object, client: unknown, ...rest: unknown[]) => unknown;

const holding = new WeakSet<object>();

/** Calls a hook in the context of its client: Nest guards none of them. */
function holdHook(target: Record<string, object>, name: string): void {
  const original = target[name] as Hook | undefined;
  if (typeof original !== 'function' || holding.has(original)) return;
  const hook: Hook = function (client, ...rest) {
    const connection = connectionOf(client);
    // Of an application without tenants that shares the class, or of a place where nothing is a tenant's.
    if (!connection) return original.call(this, client, ...rest);
    const call = () => original.call(this, client, ...rest);
    if (isUntenantedHandler(original, this.constructor))
      return enter({ tenant: null, refusal: null, origin: connection.store }, call);
    // Let in by another gateway that is `@Untenanted()`: there is nothing to do for this one.
    return connection.store.tenant ? enter(connection.store, call) : undefined;
  };
  holding.add(hook);
  for (const key of Reflect.getMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), hook);
  }
  Object.defineProperty(target, name, { value: hook, writable: true, configurable: true, enumerable: false });
}
