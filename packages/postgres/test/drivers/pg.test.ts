import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { crowded, type Job, jobsOf, resetJobs } from './crowd.js';

describe('pg on a tenant pool', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 5 });
  });
  beforeEach(() => resetJobs(database));

  it('reads and writes its own rows alone, without a condition', async () => {
    const others = await jobsOf(database, globex);
    await database.context.run(acme, async () => {
      expect((await pool.query('select * from job order by id')).rows).toEqual(await jobsOf(database, acme));
      expect((await pool.query('select * from job where id = $1', [1])).rows).toHaveLength(1);
      expect((await pool.query(`insert into job (id, title) values (11, 'new')`)).rowCount).toBe(1);
      expect((await pool.query(`update job set title = 'changed'`)).rowCount).toBe(11);
      expect((await pool.query('delete from job')).rowCount).toBe(11);
    });
    expect(await jobsOf(database, globex)).toEqual(others);
    expect(await jobsOf(database, acme)).toEqual([]);
  });

  it('commits and rolls back', () =>
    database.context.run(acme, async () => {
      for (const end of ['commit', 'rollback']) {
        const client = await pool.connect();
        await client.query('begin');
        await client.query('delete from job where id = $1', [end === 'commit' ? 1 : 2]);
        expect((await client.query('select * from job')).rowCount).toBe(end === 'commit' ? 9 : 8);
        await client.query(end);
        client.release();
      }
      expect((await jobsOf(database, acme)).map(({ id }) => id)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }));

  it('streams its own rows alone, by cursor and as a stream', () =>
    database.context.run(acme, async () => {
      const client = await pool.connect();
      const rows: Job[] = [];
      for await (const row of client.query(new QueryStream('select * from job order by id', [], { batchSize: 3 }))) {
        rows.push(row as Job);
      }
      expect(rows).toEqual(await jobsOf(database, acme));
      const cursor = client.query(new Cursor('select * from job order by id'));
      expect([...(await cursor.read(4)), ...(await cursor.read(100))]).toEqual(rows);
      await cursor.close();
      client.release();
    }));

  it("refuses every query without a tenant, and another tenant's row", async () => {
    await expect(pool.query('select * from job')).rejects.toMatchObject({ code: 'tenant_context_missing' });
    const client = await pool.connect();
    await expect(client.query('delete from job')).rejects.toMatchObject({ code: 'tenant_context_missing' });
    client.release();
    const foreign = database.context.run(acme, () => pool.query('insert into job values ($1, 11, $1)', [globex.id]));
    await expect(foreign).rejects.toThrow(/row-level security/);
    expect(await jobsOf(database, globex)).toHaveLength(10);
  });

  it('interleaved: queries, transactions and streams of three tenants, 0 of 5,400 wrong', async () => {
    const count = await crowded(database, { callers: 45, rounds: 40 }, async (check) => {
      check((await pool.query('select * from job')).rows);
      const client = await pool.connect();
      try {
        await client.query('begin');
        await client.query('delete from job where id = 1');
        check((await client.query('select * from job')).rows, 9);
        await client.query('rollback');
        const rows: Job[] = [];
        for await (const row of client.query(new QueryStream('select * from job', [], { batchSize: 4 }))) {
          rows.push(row as Job);
        }
        check(rows);
      } finally {
        client.release();
      }
    });
    expect(count).toEqual({ queries: 5400, wrong: 0 });
    expect(pool.totalCount).toBeLessThanOrEqual(5);
  });
});
