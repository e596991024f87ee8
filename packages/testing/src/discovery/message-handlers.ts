import type { INestApplication } from '@nestjs/common';
import type { Route } from './entrance.js';
import { componentsOf, metadataOf, methodsOf } from './handlers.js';
import { parametersOf } from './route-parameters.js';

/** A server of messages, of `connectMicroservice` or `createMicroservice`. */
export interface MessageServer {
  readonly transportId?: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Of TCP. */
  readonly server?: { address?(): { readonly port?: number } | string | null };
  getHandlers(): ReadonlyMap<string, unknown>;
}

/** A method that messages or events of a broker reach. */
export interface MessageHandler {
  readonly isEvent: boolean;
  readonly pattern: unknown;
  readonly payload: Route['body'];
  /** Null where none is connected. */
  readonly server: MessageServer | null;
}

const PATTERNS = 'microservices:pattern';
const KIND = 'microservices:handler_type';
const EVENT = 2;

/** The method called `PricesController.find`; null where it takes no messages. */
export function messageHandlerOf(app: INestApplication, handler: string | null): MessageHandler | null {
  for (const component of componentsOf(app)) {
    const { type } = component;
    if (!component.isController || !handler?.startsWith(`${type.name}.`)) continue;
    const name = handler.slice(type.name.length + 1);
    const method = methodsOf(component).get(name);
    const patterns = method && (metadataOf(PATTERNS, method) as readonly unknown[] | undefined);
    if (!method || !Array.isArray(patterns) || patterns.length === 0) continue;
    const servers = serversOf(app);
    const [pattern = patterns[0]] = patterns.filter((each) => servers.some((server) => takes(server, each)));
    return {
      pattern,
      isEvent: metadataOf(KIND, method) === EVENT,
      payload: payloadOf(type, name),
      server: servers.find((server) => takes(server, pattern)) ?? null,
    };
  }
  return null;
}

/** Of a handler without decorators on its parameters, the payload is the first of them. */
function payloadOf(type: Parameters<typeof parametersOf>[0], name: string): Route['body'] {
  return parametersOf(type, name, '/').body ?? 'unknown';
}

const takes = (server: MessageServer, pattern: unknown): boolean =>
  [...server.getHandlers().keys()].some((key) => key === pattern || key === routeOf(pattern));

/** The text that Nest makes of a pattern. */
export function routeOf(pattern: unknown): string {
  if (typeof pattern !== 'object' || pattern === null) return String(pattern);
  const parts = Object.entries(pattern)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `"${key}":${typeof value === 'object' ? routeOf(value) : JSON.stringify(value)}`);
  return `{${parts.join(',')}}`;
}

function serversOf(app: INestApplication): readonly MessageServer[] {
  return app.getMicroservices().flatMap((microservice) => {
    const { serverInstance } = microservice as unknown as { readonly serverInstance?: MessageServer };
    return typeof serverInstance?.getHandlers === 'function' ? [serverInstance] : [];
  });
}
