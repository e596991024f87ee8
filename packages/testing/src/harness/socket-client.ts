import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import type { SocketProtocol } from '../discovery/gateway-handlers.js';
import { HarnessMisuseError } from '../misuse.js';
import type { Identity } from './isolation-harness.js';
import { fromOutside } from './process-exits.js';

/** An address of sockets. */
export interface SocketAddress {
  readonly protocol: SocketProtocol;
  /** `http://127.0.0.1:4711`. */
  readonly url: string;
  readonly namespace: string;
  readonly path: string | undefined;
}

/** Something that a socket was sent. */
export interface Heard {
  readonly event: string;
  readonly data: unknown;
}

/** A socket of somebody, connected. */
export interface SocketClient {
  /** Everything that it was sent, acknowledgements among it. */
  readonly heard: readonly Heard[];
  send(event: string, data: unknown): void;
  close(): void;
}

/** The event of an acknowledgement, in {@link SocketClient.heard}. */
export const ACKNOWLEDGED = 'acknowledgement';
/** Nest's event for what a handler has thrown. */
export const EXCEPTION = 'exception';

/** The handshake was refused, or the socket closed by the server. */
export class SocketRefused extends Error {}

/**
 * Connects as somebody, with the headers of the handshake; a bearer token goes in `auth`, too, where browsers have to put it.
 *
 * @throws SocketRefused with what the client got to see.
 */
export function openSocket(address: SocketAddress, identity: Identity, timeout: number): Promise<SocketClient> {
  const headers = { host: identity.host ?? new URL(address.url).host, ...identity.headers };
  return outsideAnyTenant(() =>
    address.protocol === 'ws' ? openWebSocket(address, headers, timeout) : openSocketIo(address, headers, timeout),
  );
}

async function openSocketIo(
  { url, namespace, path }: SocketAddress,
  headers: Readonly<Record<string, string>>,
  timeout: number,
): Promise<SocketClient> {
  const { io } = await peer('socket.io-client', () => import('socket.io-client'));
  const token = /^Bearer (.+)$/i.exec(headers['authorization'] ?? '')?.[1];
  const agent = fromOutside(new Agent());
  const socket = io(`${url}${namespace}`, {
    ...(path !== undefined && { path }),
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    timeout,
    extraHeaders: headers,
    agent: agent as never,
    ...(token !== undefined && { auth: { token } }),
  });
  const heard: Heard[] = [];
  socket.onAny((event: string, ...data: unknown[]) => heard.push({ event, data: data.length > 1 ? data : data[0] }));
  const close = () => {
    socket.disconnect();
    agent.destroy();
  };
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      close();
      reject(new SocketRefused(JSON.stringify([error.message, (error as { data?: unknown }).data])));
    });
  });
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') heard.push({ event: EXCEPTION, data: reason });
  });
  return {
    heard,
    close,
    send: (event, data) =>
      void socket.emit(event, data, (...given: unknown[]) =>
        heard.push({ event: ACKNOWLEDGED, data: given.length > 1 ? given : given[0] }),
      ),
  };
}

async function openWebSocket(
  { url, namespace, path }: SocketAddress,
  headers: Readonly<Record<string, string>>,
  timeout: number,
): Promise<SocketClient> {
  const { WebSocket } = await peer('ws', () => import('ws'));
  const agent = fromOutside(new Agent());
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path ?? namespace}`, {
    headers,
    agent,
    handshakeTimeout: timeout,
  });
  const heard: Heard[] = [];
  socket.on('message', (bytes) => heard.push(parsed(String(bytes))));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => reject(new SocketRefused(error.message)));
  });
  socket.on('error', () => {});
  socket.on('close', (code, reason) => {
    if (code !== 1000 && code !== 1005) heard.push({ event: EXCEPTION, data: `${code} ${reason}` });
  });
  return {
    heard,
    close: () => {
      socket.close();
      agent.destroy();
    },
    send: (event, data) => socket.send(JSON.stringify({ event, data })),
  };
}

function parsed(text: string): Heard {
  try {
    const { event, data } = JSON.parse(text) as Partial<Heard>;
    if (typeof event === 'string') return { event, data };
  } catch {
    // As it is.
  }
  return { event: 'message', data: text };
}

/** @throws HarnessMisuseError that says how to install it. */
export async function peer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch {
    throw new HarnessMisuseError(
      `the package ${name} is not installed, and sockets are called with it.`,
      `Add it to the \`devDependencies\`.`,
    );
  }
}

/** Waits until something was heard, and for a moment more; or for `milliseconds`, where nothing comes. */
export async function answerTo(
  { heard }: Pick<SocketClient, 'heard'>,
  from: number,
  milliseconds: number,
): Promise<readonly Heard[]> {
  const until = performance.now() + milliseconds;
  while (heard.length === from && performance.now() < until) await sleep(2);
  await sleep(SETTLE);
  return heard.slice(from);
}

/** Milliseconds in which the rest of an answer comes. */
const SETTLE = 15;
