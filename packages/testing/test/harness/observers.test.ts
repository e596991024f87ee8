import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Transport } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIsolationHarness, type IsolationHarness, type IsolationHarnessOptions } from '../../src/index.js';
import { createDatabase, type PostgresServer, postgresFromEnvironment, type TestDatabase } from '../../src/postgres.js';
import { acme, globex } from './application.js';
import { exitsModule, QUEUE, SEARCH, SocketsModule } from './exits.js';

const options: IsolationHarnessOptions = {
  tenants: { acme, globex },
  seed: (_, { canary }) => ({ note: { title: canary('title') } }),
};
/** A port that nobody listens at, for the message server. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const note = { title: 'Reactor technician' };

describe('what leaves the application', () => {
  let postgres: PostgresServer;
  let database: TestDatabase;
  let harness: IsolationHarness;
  beforeAll(async () => {
    postgres = await postgresFromEnvironment();
    database = await createDatabase(postgres.url);
    const port = await freePort();
    harness = await createIsolationHarness(exitsModule(port, database.url), {
      ...options,
      configure: async (app) => {
        app.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
        await app.startAllMicroservices();
      },
      observe: [
        (app, saw) => {
          const search = app.get(SEARCH);
          const add = search.add.bind(search);
          search.add = (document: object) => {
            saw({ exit: 'search', name: 'add', payload: document });
            add(document);
          };
        },
      ],
    });
  });
  afterAll(async () => {
    await harness.app.get<{ close(): Promise<void> }>(QUEUE).close();
    await harness.close();
    await database.stop();
    await postgres.stop();
  });

  async function leaving(path: string) {
    const recording = await harness.recorder.record(() => harness.client({ host: null }).post(path, note));
    expect(recording.result.status).toBe(201);
    return recording;
  }

  it('by a cache: what is written, and what is read', async () => {
    const { result, observed } = await leaving('/cache');
    // As without an observer.
    expect(result.body).toEqual({ cached: note.title, wrapped: `${note.title}!` });
    expect(observed).toEqual(
      expect.arrayContaining([
        { exit: 'cache', name: 'set note', payload: note.title },
        { exit: 'cache', name: 'get note', payload: note.title },
        { exit: 'cache', name: 'get other', payload: `${note.title}!` },
      ]),
    );
  });

  it('by events', async () => {
    const { observed } = await leaving('/event');
    expect(observed).toEqual([
      { exit: 'event', name: 'note.created', payload: [note] },
      { exit: 'event', name: 'note.sent', payload: [note] },
    ]);
  });

  it('by messages to other services', async () => {
    const { result, observed } = await leaving('/message');
    expect(result.body).toEqual({ answer: `noted ${note.title}` });
    expect(observed).toEqual([
      { exit: 'message', name: 'noted', payload: note },
      { exit: 'message', name: '{"cmd":"note"}', payload: note },
    ]);
  });

  it('by mail', async () => {
    const { result, observed } = await leaving('/mail');
    expect(result.body).toEqual({ subject: note.title });
    expect(observed).toMatchObject([{ exit: 'mail', name: 'zoe@example.com', payload: { subject: note.title } }]);
  });

  it('by jobs', async () => {
    const { result, observed } = await leaving('/job');
    expect(result.body).toEqual({ waiting: 2 });
    expect(observed).toEqual([
      { exit: 'job', name: 'notes', payload: ['note', note] },
      { exit: 'job', name: 'notes', payload: [{ name: 'notes', data: note }] },
    ]);
  });

  it('by a log below the streams', async () => {
    const { log } = await leaving('/pino');
    expect(log.map((line) => JSON.parse(line))).toMatchObject([{ level: 30, msg: note.title }]);
  });

  it('by a way that the author observes', async () => {
    const { observed } = await leaving('/search');
    expect(observed).toEqual([{ exit: 'search', name: 'add', payload: note }]);
  });

  it('is taken down only while a recording is under way', async () => {
    await harness.client({ host: null }).post('/cache', note);
    const { observed, log } = await harness.recorder.record(async () => {});
    expect([observed, log]).toEqual([[], []]);
  });
});

describe('what leaves by sockets', () => {
  it('of socket.io', async () => {
    const harness = await createIsolationHarness(SocketsModule, {
      ...options,
      configure: (app) => void app.useWebSocketAdapter(new IoAdapter(app)),
    });
    const socket = io(harness.url, { transports: ['websocket'] });
    await new Promise((resolve) => socket.once('connect', () => resolve(null)));
    const received = new Promise((resolve) => socket.once('yours', resolve));
    const { observed } = await harness.recorder.record(() => harness.client({ host: null }).post('/socket-io', note));
    expect(await received).toEqual(note);
    expect(observed).toEqual([
      { exit: 'socket', name: 'noted to everybody', payload: [note] },
      { exit: 'socket', name: 'noted to lobby', payload: [note.title] },
      { exit: 'socket', name: 'yours to one socket', payload: [note] },
    ]);
    socket.close();
    await harness.close();
  });

  it('of ws', async () => {
    const harness = await createIsolationHarness(SocketsModule, {
      ...options,
      configure: (app) => void app.useWebSocketAdapter(new WsAdapter(app)),
    });
    const { WebSocket } = createRequire(import.meta.url)('ws') as { WebSocket: typeof globalThis.WebSocket };
    const socket = new WebSocket(harness.url.replace('http', 'ws'));
    await new Promise((resolve) => socket.addEventListener('open', () => resolve(null)));
    const received = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)));
    const { observed } = await harness.recorder.record(() => harness.client({ host: null }).post('/ws', note));
    expect(await received).toBe(note.title);
    expect(observed).toEqual([{ exit: 'socket', name: 'send', payload: note.title }]);
    socket.close();
    await sleep(10);
    await harness.close();
  });
});
