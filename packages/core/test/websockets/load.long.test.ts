import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Socket } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { redisMissing, redisUrl, skippedBecause } from '../redis.js';
import { ask, closeAll, connectIo, type Sockets } from './application.js';

const ROOMS = ['job:1', 'job:2', 'job:3'];
type Way = 'who' | 'join' | 'leave' | 'all' | 'room' | 'others' | 'fetch';

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

const MESSAGES = 20_000;
const tenants = Array.from({ length: 20 }, (_, i) => ({ id: `t_${i}`, slug: `tenant-${i}` }));

type Serving = Pick<Sockets, 'port' | 'close'>;

/** A process with the gateway of `load-server.mjs`, over the built package. */
async function serve(...redis: string[]): Promise<Serving> {
  const args = [JSON.stringify(tenants), ...redis];
  const server = fork(join(import.meta.dirname, 'load-server.mjs'), args, { execArgv: [] });
  const [port] = (await Promise.race([once(server, 'message'), once(server, 'exit')])) as [number];
  const close = async () => {
    const exit = once(server, 'exit');
    server.disconnect();
    await exit;
  };
  return { port, close };
}

describe.each([
  ['in one process', 1, () => [], false],
  [`in two processes over Redis${skippedBecause}`, 2, () => [redisUrl.href, randomUUID()], redisMissing !== null],
] as const)('two hundred sockets of twenty tenants %s', (_, count, redisOf, isMissing) => {
  it.skipIf(isMissing)(
    `S1, S3: of ${MESSAGES} messages, with sockets that come and go, none is handled as another's or heard by another`,
    { timeout: 300_000 },
    async () => {
      const redis = redisOf();
      const servers = await Promise.all(Array.from({ length: count }, () => serve(...redis)));
      const roll = dice(20_261_128);
      const counted = { handled: 0, asAnother: 0, heard: 0, ofAnother: 0, reconnected: 0 };
      const seats: { socket: Socket; id: string }[] = [];
      const sit = async (seat: number) => {
        const tenant = tenants[roll(tenants.length)] as (typeof tenants)[number];
        const socket = await connectIo(servers[seat % count] as Serving, tenant.slug, {
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
      while (counted.handled < MESSAGES) {
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
      expect(counted).toMatchObject({ asAnother: 0, ofAnother: 0 });
      expect(counted.handled).toBeGreaterThanOrEqual(MESSAGES);
      expect(counted.heard).toBeGreaterThan(MESSAGES);
      expect(counted.reconnected).toBeGreaterThan(MESSAGES / 200);
    },
  );
});
