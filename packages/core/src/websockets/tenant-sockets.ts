import type { WebSocketAdapter } from '@nestjs/common';
import { enter } from '../context/enter.js';
import { SOCKET_TOOLS, type SocketTools } from '../entrances/socket-tools.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import type { ResolvedHandshakeOptions } from '../handshake/handshake.options.js';
import { Admittance } from './connections/admittance.js';
import { connectionOf } from './connections/connection.js';
import { Gateways } from './connections/gateways.js';
import { holdIoServer, type IoPlaces } from './io/held-server.js';
import { isIoNamespace, isIoServer } from './io/shapes.js';
import { resolveSocketOptions, type TenantSocketOptions } from './tenant-socket.options.js';
import { holdWsServer, isWsServer } from './ws/held-server.js';

/**
 * A WebSocket adapter of Nest's whose connections each have a tenant: identified when they are opened, by the sources of
 * `TenancyModule`, and entered for every message, before guards and pipes, and for `handleConnection` and `handleDisconnect`. Gateways
 * stay as they are.
 *
 * With socket.io, rooms and broadcasts are the tenant's, on one server or several. With `ws`, {@link broadcast} and `server.clients` are.
 *
 * @param adapter - `IoAdapter`, `WsAdapter`, or one that extends them
 * @throws `tenancy_misconfigured` for an unknown option, or, when a gateway is connected, without `TenancyModule`.
 * @example
 * ```ts
 * import { NestFactory } from '@nestjs/core';
 * import { IoAdapter } from '@nestjs/platform-socket.io';
 * import { tenantSockets } from '@tenancy/core/websockets';
 *
 * declare const AppModule: new () => object;
 *
 * export async function start() {
 *   const app = await NestFactory.create(AppModule);
 *   app.useWebSocketAdapter(tenantSockets(new IoAdapter(app)));
 *   await app.listen(3000);
 * }
 * ```
 */
export function tenantSockets<Adapter extends WebSocketAdapter>(
  adapter: Adapter,
  options: TenantSocketOptions = {},
): Adapter {
  requireAdapter(adapter);
  const members: Partial<Record<string | symbol, unknown>> = new Members(adapter, resolveSocketOptions(options)).all();
  return new Proxy(adapter, {
    get(target, property) {
      if (Object.hasOwn(members, property)) return members[property];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' && property !== 'constructor' ? value.bind(target) : value;
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
  });
}

interface Handler {
  readonly callback: (...args: never[]) => unknown;
}

/** The members of an adapter that are not left as they are. */
class Members {
  readonly #adapter: WebSocketAdapter;
  readonly #options: ResolvedHandshakeOptions;
  #gateways: Gateways | undefined;
  #admittance: Admittance | undefined;
  #tools: SocketTools | undefined;

  constructor(adapter: WebSocketAdapter, options: ResolvedHandshakeOptions) {
    this.#adapter = adapter;
    this.#options = options;
  }

  all() {
    const adapter = this.#adapter;
    return {
      [SOCKET_TOOLS]: (tools: SocketTools) => this.#take(tools),
      create: (port: number, options?: Record<string, unknown>) => {
        if (!this.#tools) throw withoutModule();
        const server: unknown = adapter.create(port, options);
        this.#hold(server, port, options);
        return server;
      },
      bindMessageHandlers: (client: unknown, handlers: readonly Handler[], ...rest: unknown[]) => {
        const connection = connectionOf(client);
        const own = connection
          ? handlers.map((handler) => ({
              ...handler,
              // Looked at for each message: the tenant is looked up again meanwhile.
              callback: (...args: never[]) => enter(connection.store, () => handler.callback(...args)),
            }))
          : handlers;
        return (adapter.bindMessageHandlers as (...args: unknown[]) => unknown).call(adapter, client, own, ...rest);
      },
      dispose: (...args: []) => {
        this.#admittance?.stop();
        return (adapter as { dispose?: () => unknown }).dispose?.(...args);
      },
    };
  }

  #take(tools: SocketTools): void {
    this.#tools = tools;
    this.#admittance = new Admittance(tools, this.#options);
    this.#gateways = undefined;
  }

  #hold(server: unknown, port: number, { path, namespace }: { path?: unknown; namespace?: unknown } = {}): void {
    const { modules } = this.#tools as SocketTools;
    const gateways = (this.#gateways ??= new Gateways(modules));
    const admittance = this.#admittance as Admittance;
    const places: IoPlaces = { at: (name) => gateways.at({ port, path, namespace: name }), namespace };
    if (isIoServer(server)) holdIoServer(server, places, admittance);
    else if (isIoNamespace(server)) holdIoServer(server.server, places, admittance, server);
    else if (isWsServer(server)) holdWsServer(server, gateways.at({ port, path }), admittance);
    else throw unknownServer();
  }
}

const withoutModule = () =>
  new TenancyConfigurationError(
    'tenantSockets',
    'identifies connections by the sources of TenancyModule, which the application does not import',
    'Import `TenancyModule.forRoot({ registry, sources })` in the root module, and set the adapter with `app.useWebSocketAdapter(…)`.',
  );

function requireAdapter(adapter: unknown): void {
  const members = typeof adapter === 'object' && adapter !== null ? (adapter as Partial<WebSocketAdapter>) : {};
  if (typeof members.bindMessageHandlers === 'function') return;
  const problem =
    typeof adapter === 'function'
      ? 'is given a class, or a function, where it takes an adapter'
      : 'is given no adapter of WebSockets';
  throw new TenancyConfigurationError('tenantSockets', problem, AN_ADAPTER);
}

const AN_ADAPTER = 'Pass `new IoAdapter(app)`, `new WsAdapter(app)`, or one that extends them.';

const unknownServer = () =>
  new TenancyConfigurationError(
    'tenantSockets',
    "is given an adapter whose server is neither socket.io's nor ws's, and cannot identify its connections",
    AN_ADAPTER,
  );
