import { Redis } from 'ioredis';
import { createClient } from 'redis';
import {
  context,
  inHandler,
  lazily,
  type Row,
  type Seen,
  type Start,
  type Subject,
  seen,
  tenantOf,
  type Verdict,
  Waiting,
} from '../row.js';
import { urlOf } from '../services.js';

const needs = 'Redis';
const ENTERS = 'a Redis subscriber made at start, which enters the tenant that the message names';

const viaIoredis = (what: string, call: (redis: Redis) => Promise<Seen>): Row =>
  inHandler(
    what,
    'right',
    (start) => {
      const redis = ioredis(start);
      return () => call(redis);
    },
    { needs },
  );

function ioredis({ later }: Start): Redis {
  const redis = new Redis(urlOf('Redis'), { maxRetriesPerRequest: 1 });
  later(() => redis.disconnect());
  return redis;
}

async function nodeRedis({ later }: Start) {
  const redis = createClient({ url: urlOf('Redis') });
  await redis.connect();
  later(() => redis.destroy());
  return redis;
}

let channels = 0;

/** A subscriber in front of which each request publishes, and waits for what it published. */
const subscriber = (
  what: string,
  verdict: Verdict,
  made: 'at start' | 'in a request',
  heard: (message: { tenant: string }, answer: () => void) => void = (_, answer) => answer(),
  extra: Pick<Row, 'fix'> = { fix: ENTERS },
): Row =>
  inHandler(
    what,
    verdict,
    async (start) => {
      const channel = `census ${process.pid} ${channels++}`;
      const waiting = new Waiting();
      const publisher = ioredis(start);
      const subscribe = lazily(async () => {
        const redis = ioredis(start);
        redis.on('message', (_, text) => {
          const message = JSON.parse(text) as { id: number; tenant: string };
          heard(message, () => waiting.answer(message.id));
        });
        await redis.subscribe(channel);
      });
      if (made === 'at start') await subscribe();
      return async () => {
        await subscribe();
        return waiting.ask((id) => publisher.publish(channel, JSON.stringify({ id, tenant: context.tenantId })));
      };
    },
    { needs, ...extra },
  );

export const redis: Subject = {
  about: 'Redis',
  rows: [
    viaIoredis('ioredis: commands', async (redis) => {
      await redis.set('census', 1);
      return seen();
    }),
    viaIoredis(
      'ioredis: callbacks of commands',
      (redis) => new Promise((resolve) => redis.get('census', () => resolve(seen()))),
    ),
    viaIoredis('ioredis: pipelines', async (redis) => {
      await redis.pipeline().set('census', 1).get('census').exec();
      return seen();
    }),
    viaIoredis(
      'ioredis: callbacks of pipelines',
      (redis) =>
        new Promise((resolve) =>
          redis
            .pipeline()
            .get('census')
            .exec(() => resolve(seen())),
        ),
    ),
    viaIoredis('ioredis: transactions', async (redis) => {
      await redis.multi().set('census', 1).exec();
      return seen();
    }),
    viaIoredis(
      'ioredis: `scanStream`',
      (redis) =>
        new Promise((resolve) =>
          redis
            .scanStream({ match: 'census' })
            .resume()
            .on('end', () => resolve(seen())),
        ),
    ),
    inHandler(
      'node-redis: commands and transactions',
      'right',
      async (start) => {
        const redis = await nodeRedis(start);
        return async () => {
          await redis.get('census');
          await redis.multi().get('census').exec();
          return seen();
        };
      },
      { needs },
    ),
    inHandler(
      'node-redis: a subscriber made in a request',
      "another's",
      async (start) => {
        const channel = `census ${process.pid} ${channels++}`;
        const waiting = new Waiting();
        const publisher = await nodeRedis(start);
        const subscribe = lazily(async () => (await nodeRedis(start)).subscribe(channel, (id) => waiting.answer(id)));
        return async () => {
          await subscribe();
          return waiting.ask((id) => publisher.publish(channel, String(id)));
        };
      },
      { needs, fix: ENTERS },
    ),
    subscriber('ioredis: a subscriber made in a request', "another's", 'in a request'),
    subscriber('ioredis: a subscriber made at start', 'none', 'at start'),
    subscriber(ENTERS, 'right', 'at start', ({ tenant }, answer) => context.run(tenantOf(tenant), answer), {}),
  ],
};
