import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { Subject } from 'rxjs';
import type { Server, Socket as ServerSocket } from 'socket.io';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket, WebSocketServer as WsServer } from 'ws';
import { TenantSocketAdmin } from '../../src/admin.js';
import { outsideAnyTenant } from '../../src/context/enter.js';
import { Untenanted } from '../../src/index.js';
import { acme, globex } from '../server.js';
import {
  ask,
  askWs,
  closeAll,
  connectIo,
  connectWs,
  context,
  eventually,
  hearing,
  type Sockets,
  seen,
  serveSockets,
  settled,
} from './application.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});

/** Sockets that an application keeps by itself, by their tenants. */
const kept = new Map<string, ServerSocket>();
const topic = new Subject<string>();
const answers: ((said: string) => void)[] = [];

@WebSocketGateway()
class KeepingGateway {
  @WebSocketServer() readonly server!: Server;

  afterInit(server: Server) {
    // Goes on from nowhere, as the callback of a client that many share may.
    server.use((_socket, next) => nowhere(() => next()));
  }

  handleConnection(client: ServerSocket) {
    kept.set(seen(), client);
    client.emit('news', `hello ${seen()}`);
    client.on('later', (answer: (said: string) => void) => void answers.push(answer));
  }

  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }

  @SubscribeMessage('topic')
  topic() {
    return topic;
  }

  @SubscribeMessage('rooms of')
  roomsOf(@ConnectedSocket() client: ServerSocket) {
    return { others: [...client.rooms].filter((room) => room !== client.id), self: client.rooms.has(client.id) };
  }

  @Untenanted()
  @SubscribeMessage('untenanted')
  untenanted(@MessageBody() to: string, @ConnectedSocket() client: ServerSocket) {
    const socket = to === 'self' ? client : (kept.get(to) as ServerSocket);
    socket.emit('news', `from ${seen()}`);
    return 'told';
  }
}

@Untenanted()
@WebSocketGateway({ namespace: 'both' })
class LobbyGateway {
  handleConnection(client: ServerSocket) {
    client.emit('news', `lobby ${seen()}`);
    if (client.handshake.headers.host === 'localhost') kept.set('none', client);
  }

  @SubscribeMessage('lobby')
  lobby(@ConnectedSocket() client: ServerSocket) {
    client.join('lobby');
    client.emit('news', `lobby ${seen()}`);
    return [...client.rooms].includes('lobby');
  }
}

@WebSocketGateway({ namespace: 'both' })
class InnerGateway {
  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }
}

const nowhere = <R>(fn: () => R): R => outsideAnyTenant(fn);

describe('sockets of socket.io that an application keeps', () => {
  let server: Sockets;
  let own: Record<'acme' | 'globex', Awaited<ReturnType<typeof connectIo>>>;
  let heard: Record<string, unknown[]>;

  beforeAll(async () => {
    server = await serveSockets([KeepingGateway, LobbyGateway, InnerGateway]);
  });
  beforeEach(async () => {
    const at: Record<string, unknown[]> = { acme: [], globex: [] };
    const hear = (name: string) => ({
      onMade: (socket: Awaited<ReturnType<typeof connectIo>>) =>
        void socket.on('news', (said: unknown) => at[name]?.push(said)),
    });
    own = {
      acme: await connectIo(server, 'acme', hear('acme')),
      globex: await connectIo(server, 'globex', hear('globex')),
    };
    await settled(own);
    expect(at).toEqual({ acme: ['hello t_acme'], globex: ['hello t_globex'] });
    heard = hearing(own);
  });
  afterEach(() => closeAll(own));
  afterAll(() => server.close());

  const globexSocket = () => kept.get('t_globex') as ServerSocket;
  const ways: Record<string, (socket: ReturnType<typeof globexSocket>) => unknown> = {
    emit: (socket) => socket.emit('news', 'x'),
    send: (socket) => socket.send('x'),
    write: (socket) => socket.write('x'),
    volatile: (socket) => socket.volatile.emit('news', 'x'),
    timeout: (socket) => socket.timeout(10).emit('news', 'x', () => {}),
    emitWithAck: (socket) => socket.emitWithAck('news', 'x'),
    'broadcast.emit': (socket) => socket.broadcast.emit('news', 'x'),
    'to.emit': (socket) => socket.to('job:42').emit('news', 'x'),
    'except.emit': (socket) => socket.except('job:42').emit('news', 'x'),
    join: (socket) => socket.join('job:42'),
    leave: (socket) => socket.leave(socket.id),
    leaveAll: (socket) => (socket as unknown as { leaveAll(): void }).leaveAll(),
    'emit of the prototype': (socket) => Object.getPrototypeOf(socket).emit.call(socket, 'news', 'x'),
    packet: (socket) =>
      (socket as unknown as { packet(packet: object): void }).packet({ type: 2, data: ['news', 'x'] }),
  };
  const adapterWays: typeof ways = {
    addAll: ({ nsp, id }) => nsp.adapter.addAll(id, new Set(['job:42'])),
    del: ({ nsp, id }) => nsp.adapter.del(id, id),
    delAll: ({ nsp, id }) => nsp.adapter.delAll(id),
  };
  const codeOf = async (fn: () => unknown) => {
    try {
      await fn();
      return 'done';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };

  it.each(Object.entries({ ...ways, ...adapterWays }))(
    'S3: are told nothing outside every tenant, or by another one, and their rooms stay: %s',
    async (_, act) => {
      expect(await codeOf(() => act(globexSocket()))).toBe('tenant_required');
      expect(await codeOf(() => context.run(acme, () => act(globexSocket())))).toBe('tenant_switch_refused');
      await context.run(globex, async () =>
        (kept.get('t_globex') as ServerSocket).to(own.acme.id as string).emit('news', 'x'),
      );
      expect(await ask(own.globex, 'rooms of')).toEqual({ others: [], self: true });
      context.run(globex, () =>
        server.app
          .get(KeepingGateway)
          .server.to(own.globex.id as string)
          .emit('news', 'by id'),
      );
      await settled(own);
      expect(heard).toEqual({ acme: [], globex: ['by id'] });
    },
  );

  it("S3: are told by their own tenant, by an admin, and by their own untenanted handlers, who tell nobody else's", async () => {
    context.run(globex, () => globexSocket().emit('news', 'of a job'));
    await server.app
      .get(TenantSocketAdmin)
      .acrossTenants({ reason: 'test' }, server.app.get(KeepingGateway).server, () =>
        globexSocket().emit('news', 'of an admin'),
      );
    expect(await ask(own.globex, 'untenanted', 'self')).toBe('told');
    expect(await ask(own.acme, 'untenanted', 't_globex')).toMatchObject({ status: 'error' });
    await settled(own);
    expect(heard).toEqual({ acme: [], globex: ['of a job', 'of an admin', 'from none'] });
  });

  it('S1: an acknowledgement and a topic reach their sockets, wherever those go on from', async () => {
    const answered = new Promise((resolve) => own.globex.emit('later', resolve));
    own.globex.emit('topic');
    await eventually(() => expect([answers.length, topic.observed]).toEqual([1, true]));
    nowhere(() => answers.pop()?.('late'));
    nowhere(() => topic.next({ event: 'news', data: 'of a topic' } as never));
    expect(await answered).toBe('late');
    await eventually(() => expect(heard).toEqual({ acme: [], globex: ['of a topic'] }));
  });

  it.each([false, true])(
    'S3: are not ended by another tenant, and are by their own, or a clock (%s)',
    async (close) => {
      expect(await codeOf(() => context.run(acme, () => globexSocket().disconnect(close)))).toBe(
        'tenant_switch_refused',
      );
      expect(await ask(own.globex, 'who')).toBe('t_globex');
      const { server: io } = server.app.get(KeepingGateway);
      const [found] = await context.run(globex, () => io.fetchSockets());
      expect(await codeOf(() => context.run(acme, () => found?.disconnect(close)))).toBe('tenant_switch_refused');
      nowhere(() => globexSocket().disconnect(close));
      context.run(acme, () => kept.get('t_acme')?.disconnect(close));
      await eventually(() => expect([own.acme.connected, own.globex.connected]).toEqual([false, false]));
    },
  );

  it("sockets without a tenant are told by their gateway, in its hooks and handlers, and from anywhere but a tenant's", async () => {
    const at: unknown[] = [];
    const none = await connectIo(server, null, {
      nsp: '/both',
      onMade: (socket) => void socket.on('news', (said: unknown) => at.push(said)),
    });
    const other = await connectIo(server, 'acme', { nsp: '/both' });
    expect(await ask(none, 'lobby')).toBe(true);
    expect(await ask(other, 'lobby')).toBe(true);
    const socket = kept.get('none') as ServerSocket;
    socket.emit('news', 'of a clock');
    expect(await codeOf(() => context.run(acme, () => socket.emit('news', 'x')))).toBe('tenant_switch_refused');
    await eventually(() => expect(at).toEqual(['lobby none', 'lobby none', 'of a clock']));
    closeAll({ none, other });
  });

  it("S3: `rooms` and `sids` are maps to read, of the tenant's own by whichever method", () => {
    const { server: io } = server.app.get(KeepingGateway);
    const { rooms, sids } = context.run(acme, () => ({ ...pick(io.sockets.adapter) }));
    for (const map of [rooms, sids]) {
      expect(map).toBeInstanceOf(Map);
      expect([...map.keys()]).toEqual([own.acme.id]);
      expect(Map.prototype.get.call(map, own.globex.id)).toBeUndefined();
      expect([...Map.prototype.entries.call(map)]).toEqual([]);
      expect(inspect(map)).toContain(own.acme.id);
      expect(inspect(map)).not.toContain(own.globex.id);
      expect(() => map.set('x', new Set())).toThrow(/to be read/);
      expect(() => map.delete(own.acme.id as string)).toThrow(/to be read/);
    }
  });
  const pick = ({ rooms, sids }: Server['sockets']['adapter']) => ({ rooms, sids });
});

const keptWs = new Map<string, WebSocket>();

@WebSocketGateway({ path: '/kept' })
class WsGateway {
  @WebSocketServer() readonly server!: WsServer;

  handleConnection(client: WebSocket) {
    keptWs.set(seen(), client);
  }

  @SubscribeMessage('who')
  who() {
    return { event: 'answer', data: context.tenantId };
  }

  @Untenanted()
  @SubscribeMessage('untenanted')
  untenanted(client: WebSocket) {
    client.send(JSON.stringify({ event: 'answer', data: `from ${seen()}` }));
  }
}

describe('sockets of ws that an application keeps', () => {
  it('S3: are told nothing outside every tenant, and neither told nor ended by another one', async () => {
    const server = await serveSockets([WsGateway], { adapter: (app) => new WsAdapter(app) });
    const own = {
      acme: await connectWs(server, 'acme', {}, '/kept'),
      globex: await connectWs(server, 'globex', {}, '/kept'),
    };
    expect(await askWs(own.acme, 'who')).toBe('t_acme');
    expect(await askWs(own.globex, 'who')).toBe('t_globex');
    const heard: string[] = [];
    own.globex.on('message', (text) => heard.push(String(text)));
    const socket = keptWs.get('t_globex') as WebSocket;
    expect(() => socket.send('x')).toThrow(/^tenant_required/);
    for (const act of [() => socket.send('x'), () => socket.close(), () => socket.terminate()]) {
      expect(() => context.run(acme, act)).toThrow(/^tenant_switch_refused/);
    }
    expect(await askWs(own.globex, 'untenanted')).toBe('from none');
    context.run(globex, () => socket.send('"own"'));
    expect(await askWs(own.globex, 'who')).toBe('t_globex');
    expect(heard.filter((text) => !text.includes('answer'))).toEqual(['"own"']);
    socket.close();
    await eventually(() => expect(own.globex.readyState).toBe(own.globex.CLOSED));
    closeAll(own);
    await server.close();
  });
});

@WebSocketGateway()
class Ticker {
  static readonly prices = new Subject<number>();

  handleConnection(socket: { emit(event: string, data: unknown): void }) {
    Ticker.prices.subscribe(context.bind((price: number) => socket.emit('news', `${price} for ${context.tenantId}`)));
  }

  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }
}

it('a stream that all share tells each socket by a callback that is bound in its own handler', async () => {
  const server = await serveSockets([Ticker]);
  const sockets = { acme: await connectIo(server, 'acme'), globex: await connectIo(server, 'globex') };
  const heard = hearing(sockets);
  await settled(sockets);
  Ticker.prices.next(7);
  await settled(sockets);
  expect(heard).toEqual({ acme: ['7 for t_acme'], globex: ['7 for t_globex'] });
  closeAll(sockets);
  await server.close();
});
