import type { INestApplication } from '@nestjs/common';
import type { Route } from './entrance.js';
import { componentsOf, metadataOf, methodsOf } from './handlers.js';
import { parametersOf } from './route-parameters.js';

/** The protocol that the sockets of an application speak. */
export type SocketProtocol = 'socket.io' | 'ws';

/** A method of a gateway, and the way to it. */
export interface GatewayHandler {
  readonly protocol: SocketProtocol;
  /** Null for that of the application's HTTP server. */
  readonly port: number | null;
  readonly namespace: string;
  /** Of the handshake, where the gateway has one of its own. */
  readonly path: string | undefined;
  /** The message that it takes; null for what is called when a socket comes or goes. */
  readonly event: string | null;
  readonly payload: Route['body'];
}

interface Options {
  readonly namespace?: unknown;
  readonly path?: unknown;
}

const HOOKS = new Set(['handleConnection', 'handleDisconnect']);

/** The method of a gateway called `ChatGateway.send`; null where there is none, or no address is known that leads to it. */
export function gatewayHandlerOf(app: INestApplication, handler: string | null): GatewayHandler | null {
  for (const component of componentsOf(app)) {
    const { type } = component;
    if (!handler?.startsWith(`${type.name}.`) || metadataOf('websockets:is_gateway', type) !== true) continue;
    const protocol = protocolOf(app);
    const name = handler.slice(type.name.length + 1);
    const method = methodsOf(component).get(name);
    const event = method && metadataOf('message', method);
    const { namespace = '/', path } = (metadataOf('websockets:gateway_options', type) ?? {}) as Options;
    if (!protocol || !method || typeof namespace !== 'string') return null;
    if (typeof event !== 'string' && !HOOKS.has(name)) return null;
    const port = metadataOf('port', type);
    return {
      protocol,
      port: typeof port === 'number' && port !== 0 ? port : null,
      namespace: namespace.startsWith('/') ? namespace : `/${namespace}`,
      path: typeof path === 'string' ? path : undefined,
      event: typeof event === 'string' ? event : null,
      payload: typeof event === 'string' ? payloadOf(type, name) : null,
    };
  }
  return null;
}

/** Of a handler without decorators on its parameters, the payload is the second of them. */
function payloadOf(type: Parameters<typeof parametersOf>[0], name: string): Route['body'] {
  return parametersOf(type, name, '/').body ?? 'unknown';
}

interface WithServers {
  readonly socketModule?: {
    readonly socketsContainer?: { getAll?(): ReadonlyMap<unknown, { readonly server: unknown }> };
  };
}

/** By the servers that gateways are connected to: those of `ws` have a set of clients. */
function protocolOf(app: INestApplication): SocketProtocol | null {
  const servers = (app as unknown as WithServers).socketModule?.socketsContainer?.getAll?.();
  for (const { server } of servers?.values() ?? []) {
    if (typeof server !== 'object' || server === null) continue;
    return (server as { readonly clients?: unknown }).clients instanceof Set ? 'ws' : 'socket.io';
  }
  return null;
}
