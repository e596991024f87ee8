import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { fromJwt, fromSubdomain, TenancyModule, TenantContext } from '../../src/index.js';
import { type TenantSocketOptions, tenantSockets } from '../../src/websockets.js';
import { SECRET, testRegistry } from '../server.js';

export const context = new TenantContext();
/** The tenant of the work in hand. */
export const seen = () => (context.isActive() ? context.tenantId : 'none');

const jwt = new JwtService({ secret: SECRET });
export const tokenOf = (tenantId: string, expiresIn = 3_600) =>
  jwt.sign({ tenantId, sub: `u_${tenantId}` }, { expiresIn });

export type AdapterOf = (app: INestApplication) => IoAdapter | WsAdapter;

export interface Sockets {
  readonly app: INestApplication;
  readonly port: number;
  close(): Promise<void>;
}

interface Asked {
  readonly adapter?: AdapterOf;
  readonly options?: TenantSocketOptions;
  readonly module?: ModuleMetadata;
  readonly registry?: ReturnType<typeof testRegistry>;
  readonly sourceTimeout?: number;
}

/** A real application whose adapter is of `tenantSockets`. */
export async function serveSockets(gateways: readonly Type[], asked: Asked = {}): Promise<Sockets> {
  const {
    adapter = (app) => new IoAdapter(app),
    options,
    module = {},
    registry = testRegistry(),
    sourceTimeout,
  } = asked;
  const built = await Test.createTestingModule({
    ...module,
    providers: [...gateways, ...(module.providers ?? [])],
    imports: [
      ...(module.imports ?? []),
      TenancyModule.forRoot({
        registry,
        sources: [fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret: SECRET })],
        cache: { ttl: 1 },
        sourceTimeout,
      }),
    ],
  }).compile();
  const app = built.createNestApplication({ logger: false });
  app.useWebSocketAdapter(tenantSockets(adapter(app), options));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, port, close: () => app.close() };
}

export type Options = Partial<ManagerOptions & SocketOptions> & {
  readonly path?: string;
  readonly nsp?: string;
  readonly onMade?: (socket: Socket) => void;
};

/** A client of socket.io on the host of a tenant; its `connect_error` where it is refused. */
export async function connectIo(
  { port }: Pick<Sockets, 'port'>,
  slug: string | null,
  options: Options = {},
): Promise<Socket> {
  const { nsp = '', extraHeaders, onMade = () => {}, ...rest } = options;
  const socket = io(`http://127.0.0.1:${port}${nsp}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: { host: slug ? `${slug}.localhost` : 'localhost', ...extraHeaders },
    ...rest,
  });
  onMade(socket);
  const connected = new Promise<void>((resolve, reject) =>
    socket.once('connect', resolve).once('connect_error', reject),
  );
  await inTime(`a connection of ${slug}`, connected).catch((error) => {
    socket.close();
    throw error;
  });
  return socket;
}

/** Its answer to `event`, or the exception. */
export const ask = (socket: Socket, event: string, data: unknown = {}): Promise<unknown> =>
  inTime(
    `an answer to ${event}`,
    new Promise((resolve) => {
      socket.once('exception', resolve);
      socket.emit(event, data, (answer: unknown) => {
        socket.off('exception', resolve);
        resolve(answer);
      });
    }),
  );

/** Ends what hangs: without a protection an answer may never come. */
function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come.`)), 30_000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Everything that sockets hear under `event`, by the names that they have here. */
export function hearing(sockets: Readonly<Record<string, Socket>>, event = 'news'): Record<string, unknown[]> {
  const heard: Record<string, unknown[]> = {};
  for (const [name, socket] of Object.entries(sockets)) {
    heard[name] = [];
    socket.on(event, (data: unknown) => void heard[name]?.push(data));
  }
  return heard;
}

/** Waits until all that was sent before has been heard: messages of one connection come in order. */
export const settled = (sockets: Readonly<Record<string, Socket>>) =>
  Promise.all(Object.values(sockets).map((socket) => ask(socket, 'who')));

export const closeAll = (sockets: Readonly<Record<string, Socket | WebSocket>>) => {
  for (const socket of Object.values(sockets)) socket.close();
};

/** A client of ws on the host of a tenant. */
export async function connectWs(
  { port }: Pick<Sockets, 'port'>,
  slug: string | null,
  options: ClientOptions = {},
  path = '',
): Promise<WebSocket> {
  const headers = { host: slug ? `${slug}.localhost` : 'localhost', ...options.headers };
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { ...options, headers });
  await once(socket, 'open');
  return socket;
}

export const askWs = async (socket: WebSocket, event: string, data: unknown = {}): Promise<unknown> => {
  const answered = new Promise((resolve) => {
    const listen = (text: unknown) => {
      const { event: got, data: answer } = JSON.parse(String(text)) as { event?: string; data?: unknown };
      if (got !== 'answer' && got !== 'exception') return;
      socket.off('message', listen);
      resolve(answer);
    };
    socket.on('message', listen);
  });
  socket.send(JSON.stringify({ event, data }));
  return await inTime(`an answer to ${event}`, answered);
};

export const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 });
