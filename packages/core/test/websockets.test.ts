import { AsyncResource } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplicationContext,
  Logger,
  type NestInterceptor,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { tap } from 'rxjs';
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

/** An application's own way: the tenant of a message, entered around its handler. */
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

/** One that enters a tenant once for each connection, in turn: all of its messages are in one context. */
const enteringOnce = <Adapter extends IoAdapter | WsAdapter>(adapter: Adapter): Adapter => {
  const bind = adapter.bindMessageHandlers.bind(adapter) as (
    client: never,
    handlers: Handler[],
    ...more: unknown[]
  ) => void;
  let connected = 0;
  return Object.assign(adapter, {
    bindMessageHandlers: (client: never, handlers: Handler[], ...more: unknown[]) => {
      const tenant = [acme, globex][connected++ % 2] as Tenant;
      const socket = context.run(tenant, () => new AsyncResource('socket'));
      const inTenant = ({ callback, ...handler }: Handler) => ({
        ...handler,
        callback: (...about: Parameters<Handler['callback']>) => socket.runInAsyncScope(() => callback(...about)),
      });
      bind(client, handlers.map(inTenant), ...more);
    },
  });
};

interface Handler {
  readonly callback: (data: Body, ...rest: unknown[]) => unknown;
}

interface Client {
  ask(event: string, data?: Body): Promise<unknown>;
  /** As `ask`, with no answer. */
  tell(event: string): void;
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
    tell: (event) => void socket.emit(event, {}),
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
    tell: (event) => socket.send(JSON.stringify({ event, data: {} })),
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

  it("interleaved with another tenant's, each runs as its own", async () => {
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

class NotingInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    noted.push(`interceptor ${seen()}`);
    return next.handle().pipe(tap(() => noted.push(`behind ${seen()}`)));
  }
}
class NotingGuard implements CanActivate {
  canActivate() {
    noted.push(`guard ${seen()}`);
    return true;
  }
}
const noted: string[] = [];
/** Messages in flight, and the tenants that each has seen by its end. */
let flight = new EventEmitter();
const landed: string[] = [];

@WebSocketGateway()
class LoopGateway {
  @SubscribeMessage('who')
  who() {
    return { event: 'answer', data: seen() };
  }

  @SubscribeMessage('slow')
  async slow() {
    const before = seen();
    flight.emit('begun');
    await once(flight, 'end');
    landed.push(`${before} ${seen()}`);
    flight.emit('landed');
  }

  @Untenanted()
  @SubscribeMessage('health')
  health() {
    return { event: 'answer', data: seen() };
  }

  @Untenanted()
  @UseGuards(NotingGuard)
  @UseInterceptors(NotingInterceptor)
  @SubscribeMessage('noted')
  async noted() {
    await Promise.resolve();
    return { event: 'answer', data: seen() };
  }
}

describe.each<[string, (app: INestApplicationContext) => IoAdapter | WsAdapter, (port: number) => Promise<Client>]>([
  ['socket.io', (app) => new IoAdapter(app), socketIo],
  ['ws', (app) => new WsAdapter(app), plain],
])('WebSockets with %s whose tenant is entered once for each connection', (_, adapter, connect) => {
  let close: () => Promise<void>;
  let clients: Client[];

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      providers: [LoopGateway],
      imports: [
        TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
      ],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    app.useWebSocketAdapter(enteringOnce(adapter(app)));
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    close = () => app.close();
    clients = [await connect(port), await connect(port)];
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await close();
  });

  const both = (event: string) => Promise.all(clients.map((client) => client.ask(event)));

  it('an untenanted message takes the tenant from no other, before, beside or after it', async () => {
    expect(await both('who')).toEqual(['t_acme', 't_globex']);
    for (const [i, id] of ['t_acme', 't_globex'].entries()) {
      const client = clients[i] as Client;
      flight = new EventEmitter();
      const begun = once(flight, 'begun');
      client.tell('slow');
      await begun;
      expect(await client.ask('health')).toBe('none');
      const end = once(flight, 'landed');
      flight.emit('end');
      await end;
      expect(landed.pop()).toBe(`${id} ${id}`);
      expect([await client.ask('who'), await client.ask('health'), await client.ask('who')]).toEqual([id, 'none', id]);
    }
    expect(await both('who')).toEqual(['t_acme', 't_globex']);
  });

  it('it has none itself, with its guards and interceptors', async () => {
    noted.length = 0;
    expect(await both('noted')).toEqual(['none', 'none']);
    expect(new Set(noted)).toEqual(new Set(['guard none', 'interceptor none', 'behind none']));
  });
});
