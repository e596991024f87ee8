import { randomUUID } from 'node:crypto';
import { createPostgresBackend, type QueueOptions, setDefaultBackendFactory } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { createDatabase } from '../../../testing/src/postgres/create-database.js';
import { redisMissing, redisUrl } from '../redis.js';

/** The connection of a test's application. */
export interface Backend {
  readonly name: string;
  readonly missing: string | null;
  options(): QueueOptions;
}

const prefix = `tenancy-${randomUUID()}`;
let url = '';

export const redis: Backend = {
  name: 'Redis',
  missing: redisMissing,
  options: () => ({ connection: { host: redisUrl.hostname, port: Number(redisUrl.port) }, prefix }),
};

export const postgres: Backend = {
  name: 'PostgreSQL',
  missing: null,
  options: () => ({ connection: { connectionString: url, migrate: true, max: 3 } as never }),
};

/** Leaves nothing of this file's queues behind. */
async function removeKeys(): Promise<void> {
  const client = new Redis(redisUrl.href);
  for await (const keys of client.scanStream({ match: `${prefix}:*`, count: 1_000 }) as AsyncIterable<string[]>) {
    if (keys.length > 0) await client.unlink(...keys);
  }
  await client.quit();
}

/** Calls `test` for each backend of BullMQ 6; one that cannot run here is skipped by name, with the reason. */
export function eachBackend(test: (backend: Backend) => void): void {
  describe.skipIf(redisMissing)(redisMissing === null ? 'on Redis' : `on Redis: ${redisMissing}`, () => {
    afterAll(removeKeys);
    test(redis);
  });
  describe('on PostgreSQL', () => {
    beforeAll(async () => {
      url = (await createDatabase(inject('postgresUrl'))).url;
      setDefaultBackendFactory(createPostgresBackend);
    });
    afterAll(() => setDefaultBackendFactory());
    test(postgres);
  });
}
