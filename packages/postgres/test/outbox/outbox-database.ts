import { outboxTableSql } from '@tenancy/core/events';
import { createPostgresBackend, type PostgresQueueBackend, Queue } from 'bullmq';
import { compilePolicies } from '../../src/index.js';
import { type FloorDatabase, openFloorDatabase } from '../database/floor-database.js';

export type OutboxQueue = Queue<unknown, unknown, string, unknown, unknown, string, PostgresQueueBackend>;

export interface OutboxDatabase extends FloorDatabase {
  /** A queue in the same database, which the application's role has no part of. */
  queue(name: string): OutboxQueue;
}

/** A database as a user has it: with the outbox's table under policies, and BullMQ in a schema of its own. */
export async function openOutboxDatabase(): Promise<OutboxDatabase> {
  const database = await openFloorDatabase();
  const { username: role } = new URL(database.url);
  await database.outside.query(outboxTableSql());
  const { sql } = compilePolicies({
    role,
    tables: [{ name: 'job' }, { name: 'outbox_event' }],
    shared: [{ name: 'country' }],
  });
  await database.outside.query(`begin; ${sql} commit`);
  const queues: OutboxQueue[] = [];
  return {
    ...database,
    queue: (name) => {
      const connection = { connectionString: database.superuserUrl, schema: 'bullmq', migrate: true, max: 3 };
      const queue = new Queue(name, { connection }, createPostgresBackend) as unknown as OutboxQueue;
      queue.on('error', () => {});
      queues.push(queue);
      return queue;
    },
    stop: async () => {
      await Promise.all(queues.map((queue) => queue.close()));
      await database.stop();
    },
  };
}
