import { connect, type Socket } from 'node:net';
import { answer } from '../child.js';
import { type Exchange, exchanges, type Spread } from './workload.js';

/** One sample: so many requests to one server, of which each must be answered as it should. */
export interface Load {
  readonly port: number;
  readonly requests: number;
  readonly token: boolean;
  readonly ownTenant: boolean;
  readonly spread: Spread;
}

const CONNECTIONS = 16;
const DEADLINE = 120_000;
const END_OF_HEAD = '\r\n\r\n';

answer((load) => run(load as Load));

/** @throws when one answer is not the one that was expected, or the time is over. */
async function run({ port, requests, token, ownTenant, spread }: Load): Promise<null> {
  const all = exchanges(spread, { token, ownTenant });
  const sockets: Socket[] = [];
  let sent = 0;
  const next = () => (sent++ < requests ? all.next().value : undefined);
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy(new Error(`no end after ${DEADLINE} ms`));
  }, DEADLINE);
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => exchangeAll(port, next, sockets)));
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
  }
  return null;
}

/** Sends one request after the other over one connection, and never one before the last is answered. */
function exchangeAll(port: number, next: () => Exchange | undefined, sockets: Socket[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    sockets.push(socket);
    let exchange: Exchange | undefined;
    let received = '';
    const send = () => {
      exchange = next();
      received = '';
      if (exchange) socket.write(exchange.request);
      else resolve();
    };
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (text: string) => {
      received += text;
      const head = received.indexOf(END_OF_HEAD);
      if (head === -1 || !exchange) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1]);
      const body = received.slice(head + END_OF_HEAD.length);
      if (body.length < length) return;
      if (received.startsWith('HTTP/1.1 200 ') && body === exchange.body) send();
      else reject(new Error(`expected 200 ${exchange.body}, got ${received}`));
    });
  });
}
