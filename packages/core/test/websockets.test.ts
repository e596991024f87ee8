import type { AddressInfo } from 'node:net';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { fromSubdomain, TenancyModule, type Tenant, TenantContext, Untenanted } from '../src/index.js';
import { acme, globex, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const ran: string[] = [];

interface Body {
  readonly as?: Tenant;
  readonly tenant?: Tenant;
}

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('who')
  who(@MessageBody() _body: Body) {
    ran.push('who');
    return { event: 'answer', data: context.tenantId };
  }

  @Untenanted()
  @SubscribeMessage('health')
  health() {
    return { event: 'answer', data: seen() };
  }

  @Untenanted()
  @SubscribeMessage('sign-up')
  signUp(@MessageBody() { tenant }: Body) {
    return { event: 'answer', data: context.run(tenant as Tenant, () => seen()) };
  }

  @Untenanted()
  @SubscribeMessage('careless')
  careless() {
    return { event: 'answer', data: context.tenantId };
  }
}

/** What an application of its own would write: the tenant of a message, entered around its handler. */
const entering = <Adapter extends IoAdapter | WsAdapter>(adapter: Adapter): Adapter => {
  const bind = adapter.bindMessageHandlers.bind(adapter) as (
    client: never,
    handlers: Handler[],
    ...more: unknown[]
  ) => void;
  return Object.assign(adapter, {
    bindMessageHandlers: (client: never, handlers: Handler[], ...more: unknown[]) =>
      bind(
        client,
        handlers.map((handler) => ({
          ...handler,
          callback: (data: Body, ...rest: unknown[]) =>
            data?.as ? context.run(data.as, () => handler.callback(data, ...rest)) : handler.callback(data, ...rest),
        })),
        ...more,
      ),
  });
};

interface Handler {
  readonly callback: (data: Body, ...rest: unknown[]) => unknown;
}

interface Client {
  ask(event: string, data?: Body): Promise<unknown>;
  close(): void;
}

async function socketIo(port: number): Promise<Client> {
  const socket: Socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return {
    ask: (event, data = {}) =>
      new Promise((resolve) => {
        socket.removeAllListeners('answer').removeAllListeners('exception');
        socket.once('answer', resolve).once('exception', resolve);
        socket.emit(event, data);
      }),
    close: () => void socket.close(),
  };
}

async function plain(port: number): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    ask: (event, data = {}) =>
      new Promise((resolve) => {
        socket.once('message', (text) => resolve((JSON.parse(String(text)) as { data: unknown }).data));
        socket.send(JSON.stringify({ event, data }));
      }),
    close: () => socket.close(),
  };
}

const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const logged = () => errors.mock.calls.map(([line]) => String(line));

describe.each<[string, (app: INestApplicationContext) => IoAdapter | WsAdapter, (port: number) => Promise<Client>]>([
  ['socket.io', (app) => new IoAdapter(app), socketIo],
  ['ws', (app) => new WsAdapter(app), plain],
])('WebSockets with %s', (_, adapter, connect) => {
  let port: number;
  let close: () => Promise<void>;
  let client: Client;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      providers: [ChatGateway],
      imports: [
        TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
      ],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    app.useWebSocketAdapter(entering(adapter(app)));
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
    close = () => app.close();
    client = await connect(port);
  });
  afterAll(async () => {
    client.close();
    await close();
  });
  afterEach(() => {
    errors.mockClear();
    ran.length = 0;
  });

  it('core-8, S5: a message without a tenant is refused with the code, and one line in the log', async () => {
    expect(await client.ask('who')).toMatchObject({ status: 'error', message: 'tenant_required' });
    expect(ran).toEqual([]);
    expect(logged()).toEqual([expect.stringMatching(/tenant_required: .+ChatGateway\.who.+@Untenanted\(\)/)]);
  });

  it('what somebody entered around it, runs as that tenant', async () => {
    expect(await client.ask('who', { as: acme })).toBe('t_acme');
    expect(logged()).toEqual([]);
  });

  it('interleaved with another tenant’s, each runs as its own', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect(port)));
    const asked = clients.map((_, i) => (i % 2 ? acme : globex));
    const answers = await Promise.all(asked.map((as, i) => clients[i]?.ask('who', { as })));
    expect(answers).toEqual(asked.map(({ id }) => id));
    for (const each of clients) each.close();
  });

  it('core-5: an untenanted handler has no tenant, even where one was entered, and may enter one', async () => {
    expect(await client.ask('health')).toBe('none');
    expect(await client.ask('health', { as: acme })).toBe('none');
    expect(await client.ask('sign-up', { as: acme, tenant: globex })).toBe('t_globex');
    expect(await client.ask('who', { as: acme })).toBe('t_acme');
  });

  it('core-6: an error inside a handler is its code for the client, and one line in the log', async () => {
    const answer = await client.ask('careless', { as: acme });
    expect(answer).toMatchObject({ status: 'error', message: 'tenant_context_missing' });
    expect(JSON.stringify(answer)).not.toContain('Run it inside');
    expect(logged()).toEqual([expect.stringMatching(/tenant_context_missing: .+ChatGateway\.careless/s)]);
  });
});
