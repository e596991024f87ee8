import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openSchemaDatabase } from './schema-fixture.js';

const SCHEMAS = 1000;
const CONNECTIONS = 10;

const database = forAllTests(openSchemaDatabase);
let pool: TenantPool;
beforeAll(async () => {
  await database.outside.query(`
    do $$ begin
      for n in 1..${SCHEMAS} loop
        execute format('create schema tenant_%s create table job (id int primary key, tenant_id text)', n);
        execute format('insert into tenant_%s.job select i, %L from generate_series(1, 3) i', n, n);
        execute format('grant usage on schema tenant_%s to ${database.role}', n);
        execute format('grant select on tenant_%s.job to ${database.role}', n);
      end loop;
    end $$;
    create function backend_memory() returns bigint security definer language sql
      as 'select sum(total_bytes)::bigint from pg_catalog.pg_backend_memory_contexts';
  `);
  pool = database.schemaPool({ name: ({ id }) => `tenant_${id}` }, { max: CONNECTIONS });
});

/** Every tenant asks once, all at the same time, in an order of chance. */
const everybody = async (): Promise<number> => {
  const ids = Array.from({ length: SCHEMAS }, (_, n) => String(n + 1)).sort(() => Math.random() - 0.5);
  const answers = await Promise.all(
    ids.map((id) =>
      database.context.run({ id, slug: id }, async () => {
        const { rows } = await pool.query<{ tenant_id: string }>('select * from job');
        return rows.length === 3 && rows.every(({ tenant_id }) => tenant_id === id);
      }),
    ),
  );
  return answers.filter((right) => !right).length;
};

const heap = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
};

/** The memory that each connection's server process has allocated, in bytes. */
const serverMemory = async (): Promise<number[]> => {
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => database.context.run({ id: '1', slug: '1' }, () => pool.connect())),
  );
  const answers = [];
  for (const client of clients) {
    const { rows } = await client.query<{ bytes: string }>('select public.backend_memory() as bytes');
    answers.push(Number(rows[0]?.bytes));
    client.release();
  }
  return answers;
};

it('1,000 schemas on a pool of 10: 0 of 10,000 answers wrong, at most 10 connections, and memory stays flat', async () => {
  expect(await everybody()).toBe(0);
  const [heapBefore, serverBefore] = [heap(), await serverMemory()];
  let wrong = 0;
  for (let round = 1; round < 10; round += 1) wrong += await everybody();
  expect(wrong).toBe(0);

  const url = new URL(database.url);
  const { rows } = await database.outside.query(
    'select count(*)::int as open from pg_stat_activity where usename = $1',
    [url.username],
  );
  expect(rows[0].open).toBeLessThanOrEqual(CONNECTIONS);
  expect(pool.totalCount).toBe(CONNECTIONS);
  expect(heap() - heapBefore).toBeLessThan(8_000_000);
  // G10: a backend keeps what it has read of a schema's tables, and no more each time.
  const serverAfter = await serverMemory();
  if (process.env['SHOW_MEMORY']) console.log({ heapBefore, heapAfter: heap(), serverBefore, serverAfter });
  expect(Math.max(...serverAfter)).toBeLessThan(30_000 * SCHEMAS);
});
