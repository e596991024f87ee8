import { Agent } from 'node:http';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import type { Identity } from './isolation-harness.js';
import { fromOutside } from './process-exits.js';
import { type Heard, peer, SocketRefused } from './socket-client.js';

/** A subscription that is under way. */
export interface Subscription {
  /** Messages that came in by now: `next`, `error`, `complete`, and `close` where the server ends the connection. */
  readonly heard: readonly Heard[];
  close(): void;
}

interface Operation {
  readonly query: string;
  readonly variables?: unknown;
}

/**
 * Subscribes over a socket of its own, in the protocol of graphql-ws, with the headers of the handshake in the parameters of the connection,
 * too, where browsers have to put them.
 *
 * @throws SocketRefused with what the client got to see.
 */
export async function subscribe(
  url: string,
  { host, headers = {} }: Identity,
  operation: Operation,
  timeout: number,
): Promise<Subscription> {
  const { WebSocket } = await peer('ws', () => import('ws'));
  const agent = fromOutside(new Agent());
  const socket = outsideAnyTenant(
    () =>
      new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', {
        headers: { host: host ?? new URL(url).host, ...headers },
        agent,
        handshakeTimeout: timeout,
      }),
  );
  const heard: Heard[] = [];
  const send = (message: object) => socket.send(JSON.stringify(message));
  const close = () => {
    socket.close();
    agent.destroy();
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const refused = (why: string) => reject(new SocketRefused(why));
      const late = setTimeout(() => refused(`the connection was not acknowledged within ${timeout} ms`), timeout);
      socket.once('open', () => send({ type: 'connection_init', payload: headers }));
      socket.once('error', ({ message }) => refused(message));
      socket.once('close', (code, reason) => refused(`${code} ${reason}`));
      socket.on('message', (bytes) => {
        const { type, payload } = JSON.parse(String(bytes)) as { type: string; payload?: unknown };
        if (type === 'ping') send({ type: 'pong' });
        else if (type !== 'connection_ack') heard.push({ event: type, data: payload });
        else {
          clearTimeout(late);
          resolve();
        }
      });
    });
  } catch (reason) {
    close();
    throw reason;
  }
  socket.on('error', () => {});
  socket.on('close', (code, reason) => heard.push({ event: 'close', data: `${code} ${reason}` }));
  send({ id: '1', type: 'subscribe', payload: operation });
  return { heard, close };
}
