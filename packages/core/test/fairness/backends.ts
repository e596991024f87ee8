import { randomUUID } from 'node:crypto';
import { createPostgresBackend, Queue, type QueueOptions, runMigrations, Worker, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { inject } from 'vitest';
import { createDatabase } from '../../../testing/src/postgres/create-database.js';
import { redisMissing, redisUrl } from '../redis.js';

/** One of BullMQ's backends, with nothing on it yet. */
export interface Backend {
  queue(name: string): Queue;
  worker(name: string, process: (job: FairJob) => Promise<unknown>, options?: Partial<WorkerOptions>): Worker;
  /** Tags that the state holds: a number for each lane. */
  lanes(name: string): Promise<number>;
  /** As if so much time had passed that nothing that has a place is still on its way. */
  quiet(name: string): Promise<void>;
  /** The virtual time of a queue. */
  virtual(name: string): Promise<number>;
  setVirtual(name: string, to: number): Promise<void>;
  /** Ends the job that runs, and starts the one that BullMQ would run next. */
  take(name: string): Promise<{ priority: number; tenant: string; index: number } | null>;
  stop(): Promise<void>;
}

export interface FairJob {
  readonly name: string;
  readonly id?: string;
  readonly data: { readonly tenant: string; readonly index: number };
}

export const backends: readonly { name: string; missing: string | null; start: () => Promise<Backend> }[] = [
  { name: 'PostgreSQL', missing: null, start: onPostgres },
  { name: redisMissing === null ? 'Redis' : `Redis: ${redisMissing}`, missing: redisMissing, start: onRedis },
];

async function onPostgres(): Promise<Backend> {
  const database = await createDatabase(inject('postgresUrl'), { prefix: 'fairness' });
  const pool = new pg.Pool({
    connectionString: database.url,
    options: '-c search_path=bullmq',
    max: 20,
    keepAlive: true,
  });
  const client = await pool.connect();
  await runMigrations(client);
  client.release();
  const opened: { close(): Promise<void> }[] = [];
  const sql = async (text: string, values: unknown[]) => (await pool.query(text, values)).rows[0];
  return {
    queue: (name) =>
      kept(opened, new Queue(name, { connection: pool as never } as QueueOptions, createPostgresBackend as never)),
    worker: (name, process, options) =>
      kept(
        opened,
        new Worker(
          name,
          process as never,
          { connection: pool as never, ...options } as WorkerOptions,
          createPostgresBackend as never,
        ),
      ),
    lanes: async (name) =>
      (await sql('select count(*)::int as n from tenancy_fair_lane where queue = $1', [name]))?.['n'] as number,
    quiet: async (name) => {
      await sql('update tenancy_fair_queue set asked = asked - 60000, turned = turned - 60000 where queue = $1', [
        name,
      ]);
    },
    virtual: async (name) =>
      (await sql('select virtual from tenancy_fair_queue where queue = $1', [name]))?.['virtual'] as number,
    setVirtual: async (name, to) => {
      await sql('update tenancy_fair_queue set virtual = $2, issued = $2 where queue = $1', [name, to]);
    },
    take: async (name) => {
      await sql(`delete from job where queue = $1 and state = 'active'`, [name]);
      const taken = (await sql(
        `update job set state = 'active', locked_until_ms = 1 where queue = $1 and id = (
           select id from job where queue = $1 and state = 'waiting' order by priority, seq limit 1) returning priority, data`,
        [name],
      )) as { priority: number; data: FairJob['data'] } | undefined;
      return taken ? { priority: taken.priority, ...taken.data } : null;
    },
    async stop() {
      await Promise.all(opened.map((one) => one.close()));
      await pool.end();
      await database.stop();
    },
  };
}

async function onRedis(): Promise<Backend> {
  const prefix = `{tenancy-fairness-${randomUUID()}}`;
  const connection = { host: redisUrl.hostname, port: Number(redisUrl.port || 6379) };
  const redis = new Redis(redisUrl.href);
  const opened: { close(): Promise<void> }[] = [];
  return {
    queue: (name) => kept(opened, new Queue(name, { connection, prefix })),
    worker: (name, process, options) =>
      kept(opened, new Worker(name, process as never, { connection, prefix, ...options })),
    lanes: (name) => redis.zcard(`${prefix}:${name}:tenancy-fair-lanes`),
    // Nothing has one before it has arrived.
    quiet: () => Promise.resolve(),
    virtual: async (name) => Number(await redis.hget(`${prefix}:${name}:tenancy-fair`, 'virtual')),
    setVirtual: async (name, to) => {
      await redis.hset(`${prefix}:${name}:tenancy-fair`, { virtual: to, issued: to });
    },
    take: async (name) => {
      const [id, score] = await redis.zpopmin(`${prefix}:${name}:prioritized`);
      await redis.del(`${prefix}:${name}:active`);
      if (id === undefined) return null;
      await redis.lpush(`${prefix}:${name}:active`, id);
      const data = JSON.parse((await redis.hget(`${prefix}:${name}:${id}`, 'data')) as string) as FairJob['data'];
      return { priority: Math.floor(Number(score) / 2 ** 32), ...data };
    },
    async stop() {
      await Promise.all(opened.map((one) => one.close()));
      const keys = await redis.keys(`${prefix.replace(/[[\]*?]/g, '\\$&')}:*`);
      if (keys.length > 0) await redis.unlink(...keys);
      redis.disconnect();
    },
  };
}

function kept<T extends { close(): Promise<void> }>(list: { close(): Promise<void> }[], one: T): T {
  list.push(one);
  return one;
}
