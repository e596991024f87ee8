import type { IncomingMessage } from 'node:http';

/** A socket of socket.io, as far as it is used here. Its internal members are looked for, and done without where a version has none. */
export interface IoSocket {
  readonly id: string;
  readonly nsp: IoNamespace;
  readonly request: IncomingMessage;
  readonly conn?: IoConn;
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  adapter: unknown;
  emit(...args: unknown[]): boolean;
  use(fn: (event: unknown, next: (error?: Error) => void) => void): unknown;
  disconnect(close?: boolean): unknown;
  packet?: unknown;
  _onconnect?: unknown;
  _cleanup?: unknown;
  _onpacket?: unknown;
  _onclose?: unknown;
  _onerror?: unknown;
}

/** A client of socket.io, whose sockets are each of one namespace. */
export interface IoClient {
  readonly request: IncomingMessage;
}

export type Next = (error?: Error) => void;

/** A namespace of socket.io, or the parent of dynamic ones. */
export interface IoNamespace {
  readonly name: string;
  readonly server: IoServer;
  sockets: Map<string, IoSocket>;
  adapter: unknown;
  readonly children?: ReadonlySet<IoNamespace>;
  use(fn: (socket: IoSocket, next: Next) => void): unknown;
  on(event: 'connect', listener: unknown): unknown;
  _add?: (client: IoClient, auth: Readonly<Record<string, unknown>>, done: unknown) => Promise<void>;
  _remove?: (socket: IoSocket) => void;
  _doConnect?: (socket: IoSocket, done: unknown) => void;
}

/** A server of socket.io. */
export interface IoServer {
  readonly sockets: IoNamespace;
  readonly engine?: IoEngine;
  bind?(engine: IoEngine): unknown;
  of(name: unknown, fn?: unknown): IoNamespace;
  on(event: 'new_namespace', listener: (nsp: IoNamespace) => void): unknown;
  close(...args: unknown[]): unknown;
  readonly _nsps?: ReadonlyMap<string, IoNamespace>;
  readonly opts?: IoOptions;
}

/** A connection of engine.io, on which the sockets of a client are. */
export interface IoConn {
  /** The one that opened it. */
  readonly request?: IncomingMessage | null;
}

/** A server of engine.io, below all namespaces. */
export interface IoEngine {
  readonly clients?: Readonly<Record<string, IoConn>>;
  verify?(request: IoRequest, upgrade: boolean, answer: (code?: number, about?: object) => unknown): unknown;
}

/** A request, with its query as engine.io has read it. */
export interface IoRequest extends IncomingMessage {
  readonly _query?: { readonly sid?: string };
}

interface IoOptions {
  readonly cors?: unknown;
  readonly connectionStateRecovery?: { skipMiddlewares?: boolean } | undefined;
}

const has = (value: unknown, ...names: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && names.every((name) => name in value);

export const isIoServer = (value: unknown): value is IoServer => has(value, 'of', 'sockets', 'close', 'fetchSockets');

export const isIoNamespace = (value: unknown): value is IoNamespace =>
  has(value, 'server', 'name', 'use', 'sockets', 'adapter') && isIoServer((value as IoNamespace).server);
