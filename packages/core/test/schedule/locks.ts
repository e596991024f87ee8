import { Redis } from 'ioredis';
import pg from 'pg';
import { createDatabase } from '../../../testing/src/postgres/create-database.js';
import { type ClockLock, scheduleTableSql } from '../../src/schedule.js';
import { redisMissing, redisUrl } from '../redis.js';

/** A place for locks, of a test file's own. */
export interface LockPlace {
  readonly name: string;
  readonly missing: string | null;
  open(postgresUrl: string): Promise<{ lock: ClockLock; url: string; close(): Promise<void> }>;
}

export const lockPlaces: readonly LockPlace[] = [
  {
    name: 'a table of PostgreSQL',
    missing: null,
    async open(postgresUrl) {
      const { url, stop } = await createDatabase(postgresUrl);
      const table = new pg.Pool({ connectionString: url });
      await table.query(scheduleTableSql());
      return {
        lock: { table },
        url,
        async close() {
          await table.end();
          await stop();
        },
      };
    },
  },
  {
    name: redisMissing === null ? 'Redis' : `Redis: ${redisMissing}`,
    missing: redisMissing,
    async open() {
      const redis = new Redis(redisUrl.href);
      const prefix = `tenancy-schedule-${process.pid}-${Math.random().toString(36).slice(2)}:`;
      return {
        lock: { redis, prefix },
        url: `${redisUrl.href}#${prefix}`,
        async close() {
          const keys = await redis.keys(`${prefix}*`);
          if (keys.length > 0) await redis.del(keys);
          await redis.quit();
        },
      };
    },
  },
];
