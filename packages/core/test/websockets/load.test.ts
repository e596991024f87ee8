import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import type { Server, Socket as ServerSocket } from 'socket.io';
import type { Socket } from 'socket.io-client';
import { describe, expect, it, vi } from 'vitest';
import { InMemoryTenantRegistry } from '../../src/index.js';
import { redisMissing, skippedBecause } from '../redis.js';
import { ask, closeAll, connectIo, context, type Sockets, serveSockets } from './application.js';
import { type Behind, inMemory, overRedis } from './redis-behind.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

const ROOMS = ['job:1', 'job:2', 'job:3'];
type Way = 'who' | 'join' | 'leave' | 'all' | 'room' | 'others' | 'fetch';

@WebSocketGateway()
class LoadGateway implements OnGatewayConnection {
  @WebSocketServer() readonly server!: Server;

  handleConnection(client: ServerSocket) {
    client.join(ROOMS[0] as string);
    client.data.as = context.tenantId;
  }

  @SubscribeMessage('act')
  async act(@ConnectedSocket() client: ServerSocket, @MessageBody() [way, room]: [Way, string]) {
    const before = context.tenantId;
    await new Promise(setImmediate);
    const said = { of: context.tenantId };
    if (way === 'join') client.join(room);
    if (way === 'leave') client.leave(room);
    if (way === 'all') this.server.emit('news', said);
    if (way === 'room') this.server.to(room).emit('news', said);
    if (way === 'others') client.to(room).emit('news', said);
    const found = way === 'fetch' ? await this.server.in(room).fetchSockets() : [];
    return [before, context.tenantId, ...found.map(({ data }) => data.as as string)];
  }
}

/** Numbers that come out the same each time (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const tenants = Array.from({ length: 20 }, (_, i) => ({ id: `t_${i}`, slug: `tenant-${i}` }));

describe.each([
  ['in memory', 1, 20_000, inMemory, false],
  [`on two servers over Redis${skippedBecause}`, 2, 20_000, overRedis, redisMissing !== null],
] as const)('two hundred sockets of twenty tenants %s', (_, count, messages, make, isMissing) => {
  it.skipIf(isMissing)(
    `S1, S3: of ${messages} messages, with sockets that come and go, none is handled as another's or heard by another`,
    { timeout: 300_000 },
    async () => {
      const key = randomUUID();
      const behinds: Behind[] = [];
      const servers: Sockets[] = [];
      for (let i = 0; i < count; i += 1) {
        const behind = await make(key);
        behinds.push(behind);
        const registry = new InMemoryTenantRegistry(tenants);
        servers.push(await serveSockets([LoadGateway], { adapter: behind.adapter, registry }));
      }
      const roll = dice(20_261_128);
      const counted = { handled: 0, asAnother: 0, heard: 0, ofAnother: 0, reconnected: 0 };
      const seats: { socket: Socket; id: string }[] = [];
      const sit = async (seat: number) => {
        const tenant = tenants[roll(tenants.length)] as (typeof tenants)[number];
        const socket = await connectIo(servers[seat % count] as Sockets, tenant.slug, {
          onMade: (made) =>
            made.on('news', ({ of }: { of: string }) => {
              counted.heard += 1;
              if (of !== tenant.id) counted.ofAnother += 1;
            }),
        });
        seats[seat] = { socket, id: tenant.id };
      };
      for (let seat = 0; seat < 200; seat += 20) {
        await Promise.all(Array.from({ length: 20 }, (_each, i) => sit(seat + i)));
      }
      const ways: readonly Way[] = ['who', 'who', 'who', 'join', 'leave', 'all', 'room', 'room', 'others', 'fetch'];
      const act = async () => {
        const seat = roll(200);
        const { socket, id } = seats[seat] as (typeof seats)[number];
        // Another one is sitting there now, and this one has gone with its question.
        if (!socket.connected) return;
        const way = ways[roll(ways.length)] as Way;
        if (way === 'fetch' && count > 1 && roll(10) > 0) return;
        const answer = await Promise.race([
          ask(socket, 'act', [way, ROOMS[roll(ROOMS.length)]]),
          new Promise<null>((resolve) => socket.once('disconnect', () => resolve(null))),
        ]);
        if (!Array.isArray(answer)) return;
        counted.handled += 1;
        if (answer.some((as) => as !== id)) counted.asAnother += 1;
      };
      while (counted.handled < messages) {
        const wave = Array.from({ length: 400 }, act);
        for (let i = 0; i < 4; i += 1) {
          const seat = roll(200);
          seats[seat]?.socket.close();
          await sit(seat);
          counted.reconnected += 1;
        }
        await Promise.all(wave);
        for (const { socket } of seats) socket.removeAllListeners('disconnect').removeAllListeners('exception');
      }
      closeAll(Object.fromEntries(seats.map(({ socket }, i) => [i, socket])));
      for (const server of servers) await server.close();
      for (const behind of behinds) await behind.close();
      expect(counted).toMatchObject({ asAnother: 0, ofAnother: 0 });
      expect(counted.handled).toBeGreaterThanOrEqual(messages);
      expect(counted.heard).toBeGreaterThan(messages);
      expect(counted.reconnected).toBeGreaterThan(messages / 200);
    },
  );
});
