import Cursor from 'pg-cursor';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { reading } from '../../src/index.js';
import { acme, globex } from '../database/floor-database.js';
import { answeredBy, ReplicatedDatabase } from './replicated-database.js';
import type { Standby } from './standby.js';

let database: ReplicatedDatabase;
let replica: Standby;

beforeAll(async () => {
  database = await ReplicatedDatabase.open();
  replica = database.replicas[0] as Standby;
});

afterEach(() => database.afterTest());

afterAll(() => database?.stop());

describe('on a replica', () => {
  it('statements with a name, a cursor, savepoints and a transaction that failed have the own rows alone, of two tenants in turn', async () => {
    const pool = database.pool({ reads: { maxConnectionsPerReplica: 1, waitMillis: 30_000 } });
    for (const tenant of [acme, globex, acme, globex]) {
      await database.context.run(tenant, async () => {
        await answeredBy(pool, replica.port);
        await reading(async () => {
          const named = {
            name: 'own jobs',
            text: 'select tenant_id, pg_is_in_recovery() as replica from job where id <= $1',
          };
          const own = Array.from({ length: 4 }, () => ({ tenant_id: tenant.id, replica: true }));
          expect((await pool.query({ ...named, values: [4] })).rows).toEqual(own);
          const client = await pool.connect();
          try {
            const cursor = client.query(new Cursor(named.text, [4]));
            expect([...(await cursor.read(3)), ...(await cursor.read(3))]).toEqual(own);
            await cursor.close();
            await client.query('begin isolation level repeatable read');
            await client.query('savepoint one');
            expect((await client.query({ ...named, values: [4] })).rows).toEqual(own);
            await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
            await client.query('rollback to savepoint one');
            expect((await client.query({ ...named, values: [4] })).rows).toEqual(own);
            await client.query('commit');
            expect((await client.query({ ...named, values: [4] })).rows).toEqual(own);
          } finally {
            client.release();
          }
        });
      });
    }
  });
});
