import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
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
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type WebSocketServer as Server, WebSocket } from 'ws';
import { TenantSocketAdmin } from '../../src/admin.js';
import { CachedTenantRegistry, Untenanted, verifiedPayload } from '../../src/index.js';
import { broadcast } from '../../src/websockets.js';
import { acme, testRegistry } from '../server.js';
import {
  askWs,
  closeAll,
  connectWs,
  context,
  eventually,
  type Sockets,
  seen,
  serveSockets,
  tokenOf,
} from './application.js';

const noted: string[] = [];
vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});

@WebSocketGateway({ path: '/chat' })
class ChatGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer() readonly server!: Server;

  handleConnection(client: WebSocket) {
    noted.push(`connected ${seen()}`);
    client.on('message', () => noted.push(`raw ${seen()}`));
  }

  handleDisconnect() {
    noted.push(`gone ${seen()}`);
  }

  @SubscribeMessage('who')
  async who() {
    await new Promise(setImmediate);
    return { event: 'answer', data: context.tenantId };
  }

  @SubscribeMessage('plan')
  plan() {
    return { event: 'answer', data: (context.current() as { plan?: string }).plan ?? 'none' };
  }

  @SubscribeMessage('user')
  user(@ConnectedSocket() client: WebSocket) {
    return { event: 'answer', data: verifiedPayload<{ sub: string }>(client)?.sub ?? 'nobody' };
  }

  @SubscribeMessage('stream')
  stream() {
    return interval(1).pipe(
      take(3),
      map((i) => ({ event: 'news', data: `${i} ${seen()}` })),
    );
  }

  @Untenanted()
  @SubscribeMessage('health')
  health() {
    return { event: 'answer', data: seen() };
  }

  @SubscribeMessage('say')
  say(@MessageBody() how: string, @ConnectedSocket() client: WebSocket) {
    const said = { event: 'news', data: `${context.tenantId} by ${how}` };
    const text = JSON.stringify(said);
    switch (how) {
      case 'broadcast':
        broadcast(this.server, said);
        break;
      case 'broadcast to others':
        broadcast(this.server, said, client);
        break;
      case 'forEach':
        this.server.clients.forEach((each) => {
          each.send(text);
        });
        break;
      case 'for of':
        for (const each of this.server.clients) if (each.readyState === WebSocket.OPEN) each.send(text);
        break;
      case 'spread':
        for (const each of [...this.server.clients]) each.send(text);
        break;
      case 'kept':
        for (const each of kept) each.send(text);
        break;
    }
    return { event: 'answer', data: 'said' };
  }
}
const kept: WebSocket[] = [];

describe('sockets of ws', () => {
  let server: Sockets;
  let own: Record<string, WebSocket> = {};

  beforeAll(async () => {
    server = await serveSockets([ChatGateway], { adapter: (app) => new WsAdapter(app), options: { recheck: 20 } });
  });
  afterEach(async () => {
    closeAll(own);
    own = {};
    const { clients } = server.app.get(ChatGateway).server;
    await eventually(() => expect(clients.size).toBe(0));
    noted.length = 0;
    kept.length = 0;
  });
  afterAll(() => server.close());

  const connect = (slug: string | null, headers: Record<string, string> = {}) =>
    connectWs(server, slug, { headers }, '/chat');
  const heardBy = (sockets: Record<string, WebSocket>) => {
    const heard: Record<string, unknown[]> = {};
    for (const [name, socket] of Object.entries(sockets)) {
      heard[name] = [];
      socket.on('message', (text) => {
        const { event, data } = JSON.parse(String(text)) as { event: string; data: unknown };
        if (event === 'news') heard[name]?.push(data);
      });
    }
    return heard;
  };

  it("S1: each message, hook, raw listener and Observable is its tenant's", async () => {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        own[i] = await connect(i % 2 ? 'acme' : 'globex');
      }),
    );
    const ids = Object.keys(own).map((i) => (Number(i) % 2 ? 't_acme' : 't_globex'));
    const all = Object.values(own);
    expect(await Promise.all(all.map((socket) => askWs(socket, 'who')))).toEqual(ids);
    const heard = heardBy(own);
    for (const socket of all) socket.send(JSON.stringify({ event: 'stream', data: {} }));
    await eventually(() => expect(Object.values(heard).flat()).toHaveLength(60));
    expect(Object.values(heard)).toEqual(ids.map((id) => [0, 1, 2].map((i) => `${i} ${id}`)));
    expect(await Promise.all(all.map((socket, i) => askWs(socket, i % 4 < 2 ? 'health' : 'who')))).toEqual(
      ids.map((id, i) => (i % 4 < 2 ? 'none' : id)),
    );
    expect(new Set(noted)).toEqual(new Set(['connected t_acme', 'connected t_globex', 'raw t_acme', 'raw t_globex']));
    closeAll(own);
    await eventually(() => expect(noted.filter((line) => line.startsWith('gone'))).toHaveLength(20));
    expect(noted.filter((line) => line === 'gone t_acme')).toHaveLength(10);
  });

  it('S2: a handshake is refused with a code that a browser can read, and no hook of a gateway runs', async () => {
    const endOf = async (slug: string | null, headers: Record<string, string> = {}) => {
      const [code, reason] = (await once(await connect(slug, headers), 'close')) as [number, Buffer];
      return [code, String(reason)];
    };
    expect(await endOf(null)).toEqual([4401, 'tenant_required']);
    expect(await endOf('nobody')).toEqual([4401, 'tenant_required']);
    expect(await endOf('closed')).toEqual([4403, 'tenant_inactive']);
    expect(await endOf('acme', { authorization: `Bearer ${tokenOf('t_globex')}` })).toEqual([4401, 'tenant_mismatch']);
    await expect(connect('acme', { origin: 'http://globex.localhost' })).rejects.toThrow('403');
    expect(noted).toEqual([]);
    own['page'] = await connect('acme', { origin: 'http://acme.localhost' });
    expect(await askWs(own['page'], 'who')).toBe('t_acme');
  });

  it('S2: a token comes in a header', async () => {
    own['acme'] = await connect(null, { authorization: `Bearer ${tokenOf('t_acme')}` });
    own['globex'] = await connect(null, { authorization: `Bearer ${tokenOf('t_globex')}` });
    expect(await Promise.all(Object.values(own).map((socket) => askWs(socket, 'user')))).toEqual([
      'u_t_acme',
      'u_t_globex',
    ]);
  });

  it.each(['broadcast', 'forEach', 'for of', 'spread', 'broadcast to others'])(
    "S3: %s reaches the tenant's own, and nobody else",
    async (how) => {
      own = { acme1: await connect('acme'), acme2: await connect('acme'), globex1: await connect('globex') };
      own['globex2'] = await connect('globex');
      const heard = heardBy(own);
      await Promise.all([askWs(own['acme1'] as WebSocket, 'say', how), askWs(own['globex1'] as WebSocket, 'say', how)]);
      const self = how.endsWith('others') ? 0 : 1;
      const both = (id: string, times: number) => Array.from({ length: times }, () => `${id} by ${how}`);
      await eventually(() =>
        expect(heard).toEqual({
          acme1: both('t_acme', self),
          acme2: both('t_acme', 1),
          globex1: both('t_globex', self),
          globex2: both('t_globex', 1),
        }),
      );
    },
  );

  it("S3: another tenant's socket is not written to, wherever it was kept", async () => {
    own = { acme: await connect('acme'), globex: await connect('globex') };
    const heard = heardBy(own);
    const { server: io } = server.app.get(ChatGateway);
    for (const id of ['t_acme', 't_globex']) kept.push(...context.run({ id, slug: id }, () => [...io.clients]));
    expect(kept).toHaveLength(2);
    expect(await askWs(own['globex'] as WebSocket, 'say', 'kept')).toMatchObject({ message: 'tenant_switch_refused' });
    expect(await askWs(own['acme'] as WebSocket, 'who')).toBe('t_acme');
    expect(heard['acme']).toEqual([]);
  });

  it("S3: outside every tenant clients are looked at, pinged and ended, and sent nothing; all are the admin's", async () => {
    own = { acme: await connect('acme'), globex: await connect('globex') };
    const heard = heardBy(own);
    const { server: io } = server.app.get(ChatGateway);
    expect([...io.clients]).toHaveLength(2);
    const pinged = Promise.all(Object.values(own).map((socket) => once(socket, 'ping')));
    for (const client of io.clients) {
      Object.assign(client, { isAlive: false });
      client.ping();
      expect(() => client.send('x')).toThrow(/^tenant_required.+TenantSocketAdmin/);
    }
    await pinged;
    expect(() => broadcast(io, 'x')).toThrow(/^tenant_required/);
    expect(() => broadcast({}, 'x')).toThrow(/no server of/);
    const all = JSON.stringify({ event: 'news', data: 'for all' });
    await server.app.get(TenantSocketAdmin).acrossTenants({ reason: 'test' }, io, (every) => broadcast(every, all));
    context.run(acme, () => broadcast(io, { event: 'news', data: 'of a job' }));
    await eventually(() => expect(heard).toEqual({ acme: ['for all', 'of a job'], globex: ['for all'] }));
  });
});

describe('sockets of ws that live on', () => {
  it("S4: are closed when the tenant is suspended, or the token ends, and nobody else's are", async () => {
    const registry = testRegistry();
    let status = 'active';
    let plan = 'free';
    const findById = registry.findById.bind(registry);
    registry.findById = async (id) => {
      const tenant = await findById(id);
      return tenant && id === 't_acme' ? { ...tenant, status } : tenant && { ...tenant, plan };
    };
    const server = await serveSockets([ChatGateway], {
      registry,
      options: { recheck: 20 },
      adapter: (app) => new WsAdapter(app),
    });
    const own: Record<string, WebSocket> = {
      acme: await connectWs(server, 'acme', {}, '/chat'),
      globex: await connectWs(server, 'globex', {}, '/chat'),
      short: await connectWs(server, null, { headers: { authorization: `Bearer ${tokenOf('t_globex', 4)}` } }, '/chat'),
    };
    const ended = Promise.all([once(own['acme'] as WebSocket, 'close'), once(own['short'] as WebSocket, 'close')]);
    status = 'suspended';
    plan = 'paid';
    server.app.get(CachedTenantRegistry).invalidate();
    expect((await ended).map(([code, reason]) => [code, String(reason)])).toEqual([
      [4403, 'tenant_inactive'],
      [4401, 'tenant_required'],
    ]);
    expect(await askWs(own['globex'] as WebSocket, 'who')).toBe('t_globex');
    // Whoever goes on is told of its tenant as it is now.
    await eventually(async () => expect(await askWs(own['globex'] as WebSocket, 'plan')).toBe('paid'));
    closeAll(own);
    await server.close();
  });
});
