import { type CanActivate, type ExecutionContext, Injectable, Logger, UseGuards } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { interval, map, take } from 'rxjs';
import type { Server, Socket as ServerSocket } from 'socket.io';
import type { Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CachedTenantRegistry, Untenanted, verifiedPayload } from '../../src/index.js';
import { testRegistry } from '../server.js';
import {
  ask,
  closeAll,
  connectIo,
  context,
  eventually,
  hearing,
  type Sockets,
  seen,
  serveSockets,
  settled,
  tokenOf,
} from './application.js';

const noted: string[] = [];
const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
afterEach(() => void errors.mockClear());

@Injectable()
class NotingGuard implements CanActivate {
  canActivate(about: ExecutionContext) {
    noted.push(`guard ${seen()} ${about.getType()}`);
    return true;
  }
}

@UseGuards(NotingGuard)
@WebSocketGateway()
class ChatGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer() readonly server!: Server;

  handleConnection(client: ServerSocket) {
    noted.push(`connected ${seen()}`);
    client.on('raw', (answer: (said: string) => void) => answer(seen()));
  }

  handleDisconnect() {
    noted.push(`gone ${seen()}`);
  }

  @SubscribeMessage('who')
  async who() {
    await new Promise(setImmediate);
    return context.tenantId;
  }

  @SubscribeMessage('stream')
  stream() {
    return interval(1).pipe(
      take(3),
      map((i) => ({ event: 'part', data: `${i} ${seen()}` })),
    );
  }

  @SubscribeMessage('user')
  user(@ConnectedSocket() client: ServerSocket) {
    return verifiedPayload<{ sub: string }>(client)?.sub ?? 'nobody';
  }

  @SubscribeMessage('ask-back')
  async askBack(@ConnectedSocket() client: ServerSocket) {
    return new Promise((resolve) => client.emit('question', () => resolve(seen())));
  }

  @SubscribeMessage('join')
  join(@ConnectedSocket() client: ServerSocket, @MessageBody() room: string) {
    client.join(room);
    return [...client.rooms].sort();
  }

  @Untenanted()
  @SubscribeMessage('health')
  health() {
    return seen();
  }

  @Untenanted()
  @SubscribeMessage('careless')
  careless() {
    return context.tenantId;
  }
}

describe('sockets of socket.io', () => {
  let server: Sockets;
  const own: Record<string, Socket> = {};

  beforeAll(async () => {
    server = await serveSockets([ChatGateway]);
  });
  afterEach(() => {
    closeAll(own);
    for (const name of Object.keys(own)) delete own[name];
    noted.length = 0;
  });
  afterAll(() => server.close());

  const refusedWith = (slug: string | null, options = {}) =>
    connectIo(server, slug, options).then(
      (socket) => {
        own[`let in ${Math.random()}`] = socket;
        return 'let in';
      },
      (error: Error & { data?: { code?: string } }) => [error.message, error.data?.code],
    );

  it("S1: each message, hook, raw listener, acknowledgement and Observable is its tenant's, before guards", async () => {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        own[i] = await connectIo(server, i % 2 ? 'acme' : 'globex');
      }),
    );
    const all = Object.values(own);
    const ids = all.map((_, i) => (Number(Object.keys(own)[i]) % 2 ? 't_acme' : 't_globex'));
    expect(await Promise.all(all.map((socket) => ask(socket, 'who')))).toEqual(ids);
    expect(await Promise.all(all.map((socket) => new Promise((resolve) => socket.emit('raw', resolve))))).toEqual(ids);
    for (const socket of all) socket.on('question', (answer: () => void) => answer());
    expect(await Promise.all(all.map((socket) => ask(socket, 'ask-back')))).toEqual(ids);
    const parts = hearing(own, 'part');
    for (const socket of all) socket.emit('stream');
    await eventually(() => expect(Object.values(parts).flat()).toHaveLength(60));
    expect(Object.values(parts)).toEqual(ids.map((id) => [0, 1, 2].map((i) => `${i} ${id}`)));
    expect(new Set(noted)).toEqual(
      new Set(['connected t_acme', 'connected t_globex', 'guard t_acme ws', 'guard t_globex ws']),
    );
    noted.length = 0;
    closeAll(own);
    await eventually(() => expect(noted).toHaveLength(20));
    expect(noted.filter((line) => line === 'gone t_acme')).toHaveLength(10);
    expect(noted.filter((line) => line === 'gone t_globex')).toHaveLength(10);
  });

  it('S2: a handshake is refused with the code, and no hook of a gateway runs', async () => {
    expect(await refusedWith(null)).toEqual(['tenant_required', 'tenant_required']);
    expect(await refusedWith('nobody')).toEqual(['tenant_required', 'tenant_required']);
    expect(await refusedWith('closed')).toEqual(['tenant_inactive', 'tenant_inactive']);
    expect(await refusedWith('acme', { auth: { token: tokenOf('t_globex') } })).toEqual([
      'tenant_mismatch',
      'tenant_mismatch',
    ]);
    expect(
      await refusedWith('acme', { extraHeaders: { host: 'acme.localhost', origin: 'http://globex.localhost' } }),
    ).toEqual(['tenant_mismatch', 'tenant_mismatch']);
    expect(noted).toEqual([]);
    expect(
      await refusedWith('acme', { extraHeaders: { host: 'acme.localhost', origin: 'http://acme.localhost:5173' } }),
    ).toBe('let in');
  });

  it('S2: a token comes with `auth`, or in a header, with either transport', async () => {
    own['auth'] = await connectIo(server, null, { auth: { token: tokenOf('t_acme') } });
    own['header'] = await connectIo(server, null, { extraHeaders: { authorization: `Bearer ${tokenOf('t_globex')}` } });
    own['polling'] = await connectIo(server, null, { transports: ['polling'], auth: { token: tokenOf('t_globex') } });
    expect(await Promise.all(Object.values(own).map((socket) => ask(socket, 'who')))).toEqual([
      't_acme',
      't_globex',
      't_globex',
    ]);
    expect(await ask(own['auth'], 'user')).toBe('u_t_acme');
    expect(await ask(own['header'], 'user')).toBe('u_t_globex');
  });

  it('S5: clients are told the code', async () => {
    own['acme'] = await connectIo(server, 'acme');
    expect(await ask(own['acme'], 'careless')).toMatchObject({ status: 'error', message: 'tenant_context_missing' });
    expect(await ask(own['acme'], 'who')).toBe('t_acme');
  });

  it('an untenanted handler has no tenant, beside those that have', async () => {
    own['acme'] = await connectIo(server, 'acme');
    own['globex'] = await connectIo(server, 'globex');
    const asked = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ask(own[i % 2 ? 'acme' : 'globex'] as Socket, i % 4 < 2 ? 'who' : 'health')),
    );
    expect(asked).toEqual(Array.from({ length: 20 }, (_, i) => (i % 4 < 2 ? (i % 2 ? 't_acme' : 't_globex') : 'none')));
  });
});

describe('sockets that live on', () => {
  it("S4: are closed when the tenant is suspended, or the token ends, and nobody else's are", async () => {
    const registry = testRegistry();
    let status = 'active';
    const findById = registry.findById.bind(registry);
    registry.findById = async (id) => {
      const tenant = await findById(id);
      return tenant && id === 't_acme' ? { ...tenant, status } : tenant;
    };
    const server = await serveSockets([ChatGateway], { registry, options: { recheck: 20 } });
    const own: Record<string, Socket> = {
      acme: await connectIo(server, 'acme'),
      globex: await connectIo(server, 'globex'),
      short: await connectIo(server, 'globex', { auth: { token: tokenOf('t_globex', 4) } }),
    };
    const told = hearing(own, 'exception');
    noted.length = 0;
    status = 'suspended';
    server.app.get(CachedTenantRegistry).invalidate('t_acme');
    await eventually(() => expect(own['acme']?.connected).toBe(false));
    expect(await ask(own['globex'] as Socket, 'who')).toBe('t_globex');
    await eventually(() => expect(own['short']?.connected).toBe(false));
    expect(await ask(own['globex'] as Socket, 'who')).toBe('t_globex');
    expect(told).toEqual({
      acme: [{ status: 'error', message: 'tenant_inactive' }],
      globex: [],
      short: [{ status: 'error', message: 'tenant_required' }],
    });
    expect(noted.filter((line) => line.startsWith('gone'))).toEqual(['gone t_acme', 'gone t_globex']);
    closeAll(own);
    await server.close();
  });
});

@Untenanted()
@WebSocketGateway({ namespace: 'public' })
class PublicGateway {
  @WebSocketServer() readonly server!: Server;

  @SubscribeMessage('who')
  who() {
    return seen();
  }

  @SubscribeMessage('say')
  say(@MessageBody() words: string) {
    this.server.emit('news', words);
    return 'said';
  }
}

@Untenanted()
@WebSocketGateway({ namespace: 'both' })
class LobbyGateway {
  @SubscribeMessage('lobby')
  lobby() {
    return seen();
  }
}

@WebSocketGateway({ namespace: 'both' })
class InnerGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer() readonly server!: Server;

  handleConnection() {
    noted.push(`inner ${seen()}`);
  }

  handleDisconnect() {
    noted.push(`inner gone ${seen()}`);
  }

  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }

  @SubscribeMessage('say')
  say(@MessageBody() words: string) {
    this.server.emit('news', words);
    return 'said';
  }
}

describe('untenanted gateways', () => {
  let server: Sockets;
  beforeAll(async () => {
    server = await serveSockets([PublicGateway, LobbyGateway, InnerGateway]);
  });
  afterAll(() => server.close());

  it("a namespace of theirs alone lets anybody in, and is everybody's", async () => {
    const own = {
      acme: await connectIo(server, 'acme', { nsp: '/public' }),
      none: await connectIo(server, null, { nsp: '/public' }),
    };
    const heard = hearing(own);
    expect(await ask(own.acme, 'who')).toBe('none');
    expect(await ask(own.none, 'say', 'hello')).toBe('said');
    await settled(own);
    expect(heard).toEqual({ acme: ['hello'], none: ['hello'] });
    closeAll(own);
  });

  it('beside another gateway they let anybody in for themselves', async () => {
    noted.length = 0;
    const own = {
      acme: await connectIo(server, 'acme', { nsp: '/both' }),
      globex: await connectIo(server, 'globex', { nsp: '/both' }),
      none: await connectIo(server, null, { nsp: '/both' }),
    };
    const heard = hearing(own);
    expect(await ask(own.none, 'lobby')).toBe('none');
    expect(await ask(own.acme, 'lobby')).toBe('none');
    expect(await ask(own.none, 'who')).toMatchObject({ status: 'error', message: 'tenant_required' });
    expect(await ask(own.none, 'say', 'x')).toMatchObject({ message: 'tenant_required' });
    expect(await ask(own.acme, 'say', 'of acme')).toBe('said');
    await settled(own);
    expect(heard).toEqual({ acme: ['of acme'], globex: [], none: [] });
    closeAll(own);
    await eventually(() => expect(noted).toHaveLength(4));
    expect(noted.toSorted()).toEqual(['inner gone t_acme', 'inner gone t_globex', 'inner t_acme', 'inner t_globex']);
  });
});
