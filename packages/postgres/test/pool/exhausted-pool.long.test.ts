import type { Tenant } from '@tenancy/core';
import pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, type Crowd, interleaved } from './interleaved.js';

/** 60 callers of three tenants on 5 connections; what each round does is counted in queries. */
const crowd = (rounds: number): Crowd => ({ callers: 60, rounds });
const ALL = 'select * from job';

describe('C2: 60 callers of three tenants on 5 connections', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 5 });
  });

  let wrong = 0;
  let queries = 0;
  const check = (tenant: Tenant, rows: readonly unknown[]) => {
    queries += 1;
    if (!areOwn(tenant, rows)) wrong += 1;
  };
  beforeEach(() => {
    wrong = 0;
    queries = 0;
  });

  it('pool.query with a promise: 0 of 30,000 wrong', async () => {
    await interleaved(database, crowd(500), async (tenant) => check(tenant, (await pool.query(ALL)).rows));
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 30_000 });
  });

  it("pool.query with a callback, which is in the asker's context: 0 of 15,000 wrong", async () => {
    await interleaved(
      database,
      crowd(250),
      (tenant) =>
        new Promise<void>((resolve, reject) =>
          pool.query(ALL, (error, result) => {
            if (error) return reject(error);
            if (database.context.tenantId !== tenant.id) wrong += 1;
            check(tenant, result.rows);
            resolve();
          }),
        ),
    );
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 15_000 });
  });

  it('pool.connect with a promise, three queries each: 0 of 15,120 wrong', async () => {
    await interleaved(database, crowd(84), async (tenant) => {
      const client = await pool.connect();
      for (let query = 0; query < 3; query += 1) check(tenant, (await client.query(ALL)).rows);
      client.release();
    });
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 15_120 });
  });

  it('pool.connect with a callback, two queries at once: 0 of 10,080 wrong', async () => {
    await interleaved(
      database,
      crowd(84),
      (tenant) =>
        new Promise<void>((resolve, reject) =>
          pool.connect((error, client, release) => {
            if (!client) return reject(error);
            if (database.context.tenantId !== tenant.id) wrong += 1;
            client.query(ALL).then(({ rows }) => check(tenant, rows), reject);
            client.query('select * from job where id > $1', [0], (failed, result) => {
              release();
              if (failed) return reject(failed);
              if (database.context.tenantId !== tenant.id) wrong += 1;
              check(tenant, result.rows);
              resolve();
            });
          }),
        ),
    );
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 10_080 });
  });

  it('transactions that insert, and commit or roll back: 0 of 12,000 wrong', async () => {
    await interleaved(database, crowd(40), async (tenant, round, caller) => {
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query('insert into job (id, title) values ($1, $2)', [1000 + caller, tenant.slug]);
      check(tenant, (await client.query('select * from job where id <= 10')).rows);
      const { rows } = await client.query('select tenant_id, title from job where id >= 1000');
      // This caller's own row, and what others of the same tenant committed and have not yet taken out again.
      if (rows.length === 0 || rows.some((row) => row.tenant_id !== tenant.id || row.title !== tenant.slug)) wrong += 1;
      await client.query(round % 2 === 0 ? 'ROLLBACK' : 'COMMIT');
      if (round % 2 === 1) await client.query('delete from job where id = $1', [1000 + caller]);
      queries += 4;
      client.release();
    });
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 12_000 });
    const { rows } = await database.outside.query('select tenant_id, count(*)::int from job group by 1 order by 1');
    expect(rows.map((row) => row.count)).toEqual([10, 10, 10]);
  });

  it('named statements, shared by the tenants of a connection: 0 of 9,000 wrong', async () => {
    await interleaved(database, crowd(150), async (tenant) =>
      check(tenant, (await pool.query({ name: 'jobs', text: `${ALL} where id > $1`, values: [0] })).rows),
    );
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 9_000 });
  });

  it('rowMode "array": 0 of 9,000 wrong', async () => {
    await interleaved(database, crowd(150), async (tenant) => {
      const { rows } = await pool.query({ text: 'select tenant_id, id from job', rowMode: 'array' });
      check(
        tenant,
        rows.map(([tenant_id]) => ({ tenant_id })),
      );
    });
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 9_000 });
  });

  it('twin: a pool that asks for the tenant when the query is sent gives rows to the wrong tenant', async () => {
    const { context, url } = database;
    class AsksTooLate extends pg.Client {
      // biome-ignore lint/suspicious/noExplicitAny: as `query` of the pool itself.
      override query(query: any, values?: any, callback?: any): any {
        super.query(`select set_config('app.tenant_id', '${context.tenantId}', false)`);
        return super.query(query, values, callback);
      }
    }
    const naive = new pg.Pool({ connectionString: url, max: 5, Client: AsksTooLate } as pg.PoolConfig);
    await interleaved(database, crowd(20), async (tenant) => check(tenant, (await naive.query(ALL)).rows));
    await naive.end();
    expect(wrong).toBeGreaterThan(queries / 10);
  });
});
