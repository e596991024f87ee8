import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Namespace, Server, Socket as ServerSocket } from 'socket.io';
import type { Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantAdmin, TenantSocketAdmin } from '../../src/admin.js';
import { redisMissing, skippedBecause } from '../redis.js';
import { acme, globex } from '../server.js';
import { ask, closeAll, connectIo, context, eventually, hearing, type Sockets, serveSockets } from './application.js';
import { type Behind, inMemory, overIoRedis, overRedis } from './redis-behind.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});

/** A gateway that does with its server what its clients ask for, as an application would. */
abstract class Gateway {
  abstract readonly server: Server | Namespace;

  who(_client: ServerSocket) {
    return context.tenantId;
  }

  async join(client: ServerSocket, room: string) {
    await client.join(room);
    return [...client.rooms].filter((each) => each !== client.id);
  }

  async leave(client: ServerSocket, room: string) {
    await client.leave(room);
    return [...client.rooms].filter((each) => each !== client.id);
  }

  async act(client: ServerSocket, [way, about]: [string, string]): Promise<unknown> {
    const server = this.server as Server;
    const said = `${context.tenantId} by ${way}`;
    switch (way) {
      case 'server.emit':
        return server.emit('news', said);
      case 'server.send':
        return void server.send(said);
      case 'to':
        return server.to('job:42').emit('news', said);
      case 'to several':
        return server.to(['job:42', 'job:43']).emit('news', said);
      case 'in':
        return server.in('job:42').emit('news', said);
      case 'except':
        return server.except('quiet').emit('news', said);
      case 'volatile':
        return server.volatile.emit('news', said);
      case 'local':
        return server.local.emit('news', said);
      case 'id':
        return server.to(about).emit('news', said);
      case 'socket.to':
        return client.to('job:42').emit('news', said);
      case 'broadcast':
        return client.broadcast.emit('news', said);
      case 'socket.nsp':
        return client.nsp.emit('news', said);
      case 'compress':
        return server.compress(false).emit('news', said);
      case 'timeout':
        return await server.timeout(2_000).emitWithAck('question', said);
      case 'fetch':
        return (await server.fetchSockets()).map(({ id }) => id);
      case 'fetch in':
        return (await server.in('job:42').fetchSockets()).map(({ id, rooms }) => [
          id,
          [...rooms].filter((room) => room !== id),
        ]);
      case 'fetch id':
        return (await server.in(about).fetchSockets()).map((socket) => socket.emit('news', said));
      case 'all ids':
        return [...(await server.allSockets())];
      case 'socketsJoin':
        return server.socketsJoin('joined');
      case 'socketsLeave':
        return server.socketsLeave('job:42');
      case 'disconnect':
        return server.in(about).disconnectSockets();
      case 'disconnect all':
        return server.except(client.id).disconnectSockets(true);
      case 'rooms':
        return [...client.nsp.adapter.rooms]
          .filter(([room]) => /^job/.test(room))
          .map(([room, ids]) => [room, ids.size]);
      case 'sids':
        return [...client.nsp.adapter.sids.keys()];
      case 'sockets':
        return [...client.nsp.sockets.keys()];
      case 'size':
        return client.nsp.sockets.size;
      case 'socket of':
        return client.nsp.sockets.get(about)?.emit('news', said) ?? 'nobody';
      case 'room of':
        return client.nsp.adapter.rooms.get(about)?.size ?? 0;
      case 'rooms of':
        return [...(client.nsp.adapter.socketRooms(about) ?? ['nothing'])];
      case 'serverSideEmit':
        return server.serverSideEmit('tell', said);
      case 'events':
        return client.nsp.adapter.on('join-room', () => {});
      default:
        throw new Error(`No way ${way}`);
    }
  }
}

function gatewayAt(namespace?: string) {
  @WebSocketGateway(namespace === undefined ? {} : { namespace })
  class OneGateway extends Gateway {
    @WebSocketServer() override readonly server!: Server;

    @SubscribeMessage('who')
    override who(@ConnectedSocket() client: ServerSocket) {
      return super.who(client);
    }

    @SubscribeMessage('join')
    override join(@ConnectedSocket() client: ServerSocket, @MessageBody() room: string) {
      return super.join(client, room);
    }

    @SubscribeMessage('leave')
    override leave(@ConnectedSocket() client: ServerSocket, @MessageBody() room: string) {
      return super.leave(client, room);
    }

    @SubscribeMessage('act')
    override async act(@ConnectedSocket() client: ServerSocket, @MessageBody() asked: [string, string]) {
      return { said: await super.act(client, asked) };
    }
  }
  return OneGateway;
}

const Main = gatewayAt();
const Chat = gatewayAt('chat');

const kinds: readonly [
  name: string,
  servers: number,
  make: (key: string) => Promise<Behind>,
  nsp: string,
  isMissing: boolean,
][] = [
  ['in memory', 1, inMemory, '', false],
  ['in memory, in a namespace', 1, inMemory, '/chat', false],
  [`on two servers over Redis${skippedBecause}`, 2, overRedis, '', redisMissing !== null],
  [
    `on two servers over Redis with ioredis, in a namespace${skippedBecause}`,
    2,
    overIoRedis,
    '/chat',
    redisMissing !== null,
  ],
];

describe.each(kinds)('rooms %s', (_, count, make, nsp, isMissing) => {
  describe.skipIf(isMissing)('of tenants', () => {
    const behinds: Behind[] = [];
    const servers: Sockets[] = [];
    let own: Record<'acme1' | 'acme2' | 'globex1' | 'globex2', Socket>;

    beforeAll(async () => {
      const key = randomUUID();
      for (let i = 0; i < count; i += 1) {
        const behind = await make(key);
        behinds.push(behind);
        servers.push(await serveSockets([Main, Chat], { adapter: behind.adapter }));
      }
    });
    afterAll(async () => {
      for (const server of servers) await server.close();
      for (const behind of behinds) await behind.close();
    });

    beforeEach(async () => {
      const on = (i: number) => servers[i % count] as Sockets;
      own = {
        acme1: await connectIo(on(0), 'acme', { nsp }),
        acme2: await connectIo(on(1), 'acme', { nsp }),
        globex1: await connectIo(on(0), 'globex', { nsp }),
        globex2: await connectIo(on(1), 'globex', { nsp }),
      };
      await Promise.all(Object.values(own).map((socket) => ask(socket, 'join', 'job:42')));
      for (const socket of Object.values(own)) {
        socket.on('question', (_said: string, answer: (id: string | undefined) => void) => answer(socket.id));
        socket.on('message', (said: unknown) => socket.listeners('news')[0]?.(said));
      }
    });
    afterEach(async () => {
      closeAll(own);
    });

    const act = async (who: keyof typeof own, way: string, about?: string) => {
      const answer = (await ask(own[who], 'act', [way, about])) as { said?: unknown; message?: string };
      return 'said' in answer ? answer.said : answer.message;
    };

    const ids = (...names: (keyof typeof own)[]) => names.map((name) => own[name].id).toSorted();
    const sorted = (list: unknown) => (list as string[]).toSorted();

    it.each([
      ['server.emit', ['acme1', 'acme2']],
      ['server.send', ['acme1', 'acme2']],
      ['to', ['acme1', 'acme2']],
      ['to several', ['acme1', 'acme2']],
      ['in', ['acme1', 'acme2']],
      ['except', ['acme1', 'acme2']],
      ['compress', ['acme1', 'acme2']],
      ['local', count === 1 ? ['acme1', 'acme2'] : ['acme1']],
      ['socket.to', ['acme2']],
      ['broadcast', ['acme2']],
      ['socket.nsp', ['acme1', 'acme2']],
    ])("S3: %s reaches the tenant's own, and nobody else", async (way, who) => {
      const heard = hearing(own);
      // The other tenant's is sent in between, and later: once that has come, the first one would have as well.
      const mine = `t_acme by ${way}`;
      await act('acme1', way);
      await act('globex1', way);
      await act('acme1', way);
      await act('globex1', 'server.emit');
      const expected = Object.fromEntries(
        Object.keys(own).map((name) => {
          const counterpart = name.replace('globex', 'acme');
          const times = who.includes(counterpart) ? (name === counterpart ? [mine, mine] : [`t_globex by ${way}`]) : [];
          return [name, name === counterpart ? times : [...times, 't_globex by server.emit']];
        }),
      );
      await eventually(() => expect(heard).toEqual(expected));
    });

    it("S3: volatile reaches the tenant's own, as far as it reaches, and nobody else", async () => {
      const heard = hearing(own);
      await eventually(async () => {
        await act('acme1', 'volatile');
        expect(heard['acme2']?.length).toBeGreaterThan(0);
      });
      await act('globex1', 'server.emit');
      await eventually(() => expect(heard['globex2']).toEqual(['t_globex by server.emit']));
      expect(heard['globex1']).toEqual(['t_globex by server.emit']);
      expect(new Set(heard['acme2'])).toEqual(new Set(['t_acme by volatile']));
    });

    it('S3: a broadcast that waits for answers asks the own sockets', async () => {
      const [acmes, globexes] = await Promise.all([act('acme1', 'timeout'), act('globex2', 'timeout')]);
      expect(sorted(acmes)).toEqual(ids('acme1', 'acme2'));
      expect(sorted(globexes)).toEqual(ids('globex1', 'globex2'));
    });

    it("S3: lists of sockets and rooms are the tenant's own, by their own names", async () => {
      await ask(own.globex1, 'join', 'job:globex');
      expect(sorted(await act('acme1', 'fetch'))).toEqual(ids('acme1', 'acme2'));
      expect(sorted(await act('globex1', 'fetch'))).toEqual(ids('globex1', 'globex2'));
      const inRoom = (await act('acme1', 'fetch in')) as [string, string[]][];
      expect(inRoom.map(([id]) => id).toSorted()).toEqual(ids('acme1', 'acme2'));
      expect(inRoom.map(([, rooms]) => rooms)).toEqual([['job:42'], ['job:42']]);
      const local = count === 1 ? ids('acme1', 'acme2') : ids('acme1');
      expect(sorted(await act('acme1', 'sockets'))).toEqual(local);
      expect(sorted(await act('acme1', 'sids'))).toEqual(local);
      expect(await act('acme1', 'size')).toBe(local.length);
      expect(await act('acme1', 'rooms')).toEqual([['job:42', local.length]]);
      expect(await act('acme1', 'room of', 'job:globex')).toBe(0);
      expect(await act('globex1', 'room of', 'job:globex')).toBe(1);
      // Without Redis alone: `allSockets` of its adapter tells of this server.
      expect(sorted(await act('acme1', 'all ids'))).toEqual(count === 1 ? ids('acme1', 'acme2') : local);
    });

    it("S3: another tenant's socket id is nobody's", async () => {
      const heard = hearing(own);
      const foreign = own.globex1.id as string;
      for (const way of ['id', 'fetch id', 'disconnect']) await act('acme1', way, foreign);
      expect(await act('acme1', 'socket of', foreign)).toBe('nobody');
      expect(await act('acme1', 'rooms of', foreign)).toEqual(['nothing']);
      await act('acme1', 'id', own.acme2.id);
      await act('globex2', 'server.emit');
      await eventually(() => expect(heard['globex1']).toEqual(['t_globex by server.emit']));
      await eventually(() => expect(heard['acme2']).toEqual(['t_acme by id']));
      expect(own.globex1.connected).toBe(true);
      // A room that is called as the rooms of tenants are behind the wall is a room as any other.
      for (const room of ['tenant:t_globex', 'tenant:t_globex:job:42', 'job:42', '', ':', '*', 'nobody']) {
        await act('acme1', 'id', room);
      }
      await act('globex2', 'server.emit');
      await eventually(() => expect(heard['globex1']).toEqual(['t_globex by server.emit', 't_globex by server.emit']));
      expect(heard['globex2']).toHaveLength(2);
    });

    it("S3: joining, leaving and closing all is about the tenant's own", async () => {
      const roomsOf = async (who: keyof typeof own) => ((await ask(own[who], 'join', 'any')) as string[]).toSorted();
      await act('acme1', 'socketsJoin');
      await eventually(async () => expect(await roomsOf('acme2')).toEqual(['any', 'job:42', 'joined']));
      expect(await roomsOf('globex1')).toEqual(['any', 'job:42']);
      await act('globex1', 'socketsLeave');
      await eventually(async () => expect(await roomsOf('globex2')).toEqual(['any']));
      expect(await roomsOf('acme2')).toContain('job:42');
      await act('acme1', 'disconnect all');
      await eventually(() => expect(own.acme2.connected).toBe(false));
      expect([own.acme1, own.globex1, own.globex2].map(({ connected }) => connected)).toEqual([true, true, true]);
      expect(await ask(own.globex2, 'who')).toBe('t_globex');
    });

    it('S9: serverSideEmit is refused, and so are events of rooms', async () => {
      expect(await act('acme1', 'serverSideEmit')).toBe('tenant_switch_refused');
      expect(await act('acme1', 'events')).toBe('tenant_switch_refused');
    });

    it("S3: outside every tenant it is refused, with the fix; and in a tenant of work beside a socket it is that one's", async () => {
      const server = (servers[0] as Sockets).app.get(nsp ? Chat : Main).server as Server;
      expect(() => server.emit('news', 'x')).toThrow(/^tenant_required: `emit`.+TenantSocketAdmin/);
      expect(() => server.to('job:42').emit('news', 'x')).toThrow(/^tenant_required/);
      await expect(server.fetchSockets()).rejects.toThrow(/^tenant_required/);
      expect(() => server.disconnectSockets()).toThrow(/^tenant_required/);
      const map = server.sockets instanceof Map ? server.sockets : (server.sockets as unknown as Namespace).sockets;
      expect(() => [...map]).toThrow(/^tenant_required/);
      expect(() => map.get(own.acme1.id as string)).toThrow(/^tenant_required/);
      const heard = hearing(own);
      context.run(acme, () => server.to('job:42').emit('news', 'of a job'));
      context.run(globex, () => server.emit('news', 'of a tick'));
      await eventually(() =>
        expect(heard).toEqual({
          acme1: ['of a job'],
          acme2: ['of a job'],
          globex1: ['of a tick'],
          globex2: ['of a tick'],
        }),
      );
    });

    it("everybody's are the admin's, with a reason", async () => {
      const { app } = servers[0] as Sockets;
      const server = app.get(nsp ? Chat : Main).server as Server;
      const admin = app.get(TenantSocketAdmin);
      const heard = hearing(own);
      await expect(admin.acrossTenants({ reason: '' }, server, () => {})).rejects.toThrow(/has no reason/);
      await expect(admin.acrossTenants({ reason: 'x' }, {}, () => {})).rejects.toThrow(/no server of/);
      await context.run(acme, () =>
        admin.acrossTenants({ reason: 'test' }, server, (all) => all.emit('news', 'for all')),
      );
      await eventually(() =>
        expect(Object.values(heard)).toEqual([['for all'], ['for all'], ['for all'], ['for all']]),
      );
      const found = await admin.acrossTenants({ reason: 'test' }, server, (all) => all.fetchSockets());
      expect(found.map(({ id }) => id).toSorted()).toEqual(ids('acme1', 'acme2', 'globex1', 'globex2'));
      await expect(
        admin.acrossTenants({ reason: 'test' }, server, (all) => all.to('job:42').emit('news')),
      ).rejects.toThrow(/^tenant_switch_refused.+runAs/);
      expect(await admin.acrossTenants({ reason: 'test' }, server, (all) => all.serverSideEmit('tell', 1))).toBe(true);
      await app
        .get(TenantAdmin)
        .runAs('t_globex', { reason: 'test' }, () => server.to('job:42').emit('news', 'for one'));
      await eventually(() => expect(heard['globex2']).toEqual(['for all', 'for one']));
      expect(heard['acme1']).toEqual(['for all']);
    });
  });
});
