import { once } from 'node:events';
import { Agent } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type Connection, send } from './send.js';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A server that answers, or not, as it is told: the number of the connection, and of the request on it. */
async function listen(
  answer: (socket: Socket, connection: number, request: number) => void,
  milliseconds = 60_000,
): Promise<Connection> {
  let connections = 0;
  const server = createServer((socket) => {
    const connection = (connections += 1);
    let requests = 0;
    socket.on('error', () => {});
    socket.on('data', () => answer(socket, connection, (requests += 1)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  open.push(server, { close: () => agent.destroy() });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, agent, timeout: 60_000, events: { count: 2, milliseconds } };
}

const ok = (socket: Socket, text: string) =>
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
const get = (connection: Connection) => send(connection, { host: 'acme.localhost' }, { method: 'get', path: '/' });

it('sends again what a connection that was kept open did not take', async () => {
  const connection = await listen((socket, number, request) =>
    request === 1 ? ok(socket, `on ${number}`) : socket.destroy(),
  );
  expect((await get(connection)).text).toBe('on 1');
  expect((await get(connection)).text).toBe('on 2');
});

it('sends again what none of those that were kept open took', async () => {
  const waiting: (() => void)[] = [];
  const connection = await listen((socket, number, request) => {
    if (request > 1) return void socket.destroy();
    waiting.push(() => ok(socket, `on ${number}`));
    // The first three are under way at once, so that each has a connection.
    if (number > 3 || waiting.length === 3) for (const answer of waiting.splice(0)) answer();
  });
  await Promise.all([get(connection), get(connection), get(connection)]);
  expect((await get(connection)).text).toBe('on 4');
});

it('does not send again what a new connection did not take', async () => {
  let requests = 0;
  const connection = await listen((socket) => {
    requests += 1;
    socket.destroy();
  });
  await expect(get(connection)).rejects.toThrow(/hang up|ECONNRESET/);
  expect(requests).toBe(1);
});

it('is an error when an answer breaks off', async () => {
  const connection = await listen((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    setImmediate(() => socket.destroy());
  });
  await expect(get(connection)).rejects.toThrow('aborted');
});

it('leaves a stream that says nothing, and takes no event that is not complete', async () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n';
  const silent = await listen((socket) => socket.write(head), 50);
  expect((await get(silent)).body).toEqual([]);
  const events = ['data: {"n":1}\n\nid: 2\nda', 'ta: two\ndata: lines\n\n', 'data: 3\n\n'];
  const slow = await listen(async (socket) => {
    socket.write(head);
    for (const part of events) {
      socket.write(part);
      await new Promise(setImmediate);
    }
  });
  const { body } = await get(slow);
  expect((body as unknown[]).slice(0, 2)).toEqual([{ n: 1 }, 'two\nlines']);
});
