import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** A client of ws, as far as it is used here. */
export interface WsClient {
  readonly readyState: number;
  send(data: unknown, ...rest: unknown[]): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  readonly _receiver?: object;
  once(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: () => void): unknown;
}

export type Upgraded = (client: WsClient, request: IncomingMessage) => void;

/** A server of ws. */
export interface WsServer {
  clients?: Set<WsClient>;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: Upgraded): void;
}
