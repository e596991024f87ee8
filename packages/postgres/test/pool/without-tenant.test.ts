import { isTenancyError, TenantContextMissingError } from '@tenancy/core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from './interleaved.js';
import { openWireProxy } from './wire-proxy.js';

describe('without a tenant', () => {
  const database = forAllTests(openFloorDatabase);
  const proxy = forAllTests(() => openWireProxy(database.url));
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ connectionString: proxy.url, max: 2 });
    await pool.verify();
  });
  beforeEach(() => {
    proxy.texts.length = 0;
  });

  const missing = expect.objectContaining({ code: 'tenant_context_missing' });

  it("refuses pool.query before anything is sent, with the core's own error", async () => {
    const error = await pool.query('select * from job').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TenantContextMissingError);
    expect(isTenancyError(error)).toBe(true);
    await expect(pool.query({ text: 'select * from job where id = $1', values: [1] })).rejects.toEqual(missing);
    await expect(pool.query('insert into job (id, title) values (99, $1)', ['x'])).rejects.toEqual(missing);
    expect(proxy.texts).toEqual([]);
  });

  it('refuses pool.query with a callback, and not before the call has returned', async () => {
    let returned = false;
    const error = await new Promise((resolve) => {
      pool.query('select * from job', (refusal) => resolve(returned ? refusal : 'called back too early'));
      returned = true;
    });
    expect(error).toEqual(missing);
    expect(await new Promise((resolve) => pool.query('select $1', [1], resolve))).toEqual(missing);
    expect(proxy.texts).toEqual([]);
  });

  it('refuses client.query, with a promise, a callback and a config', async () => {
    const client = await pool.connect();
    await expect(client.query('select * from job')).rejects.toEqual(missing);
    expect(await new Promise((resolve) => client.query('select * from job', resolve))).toEqual(missing);
    expect(await new Promise((resolve) => client.query('select $1', [1], resolve))).toEqual(missing);
    await expect(client.query({ text: 'select * from job', name: 'jobs' })).rejects.toEqual(missing);
    client.release();
    expect(proxy.texts).toEqual([]);
  });

  it('lets a transaction begin and end, in which nothing can be done: libraries keep a connection that will not begin', async () => {
    const client = await pool.connect();
    await client.query('begin isolation level serializable');
    await expect(client.query('select * from job')).rejects.toEqual(missing);
    await expect(client.query("set local app.tenant_id = 't_acme'")).rejects.toEqual(missing);
    await expect(client.query("begin; set app.tenant_id = 't_acme'")).rejects.toThrow('statement_refused');
    await client.query('rollback');
    client.release();
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
  });

  it("stays without one on a client that a tenant's code uses later", async () => {
    const client = await pool.connect();
    await expect(database.context.run(acme, () => client.query('select * from job'))).rejects.toEqual(missing);
    client.release();
    expect(proxy.texts).toEqual([]);
  });

  it('F16: lets constants through, and the harmless statements, in any case and with comments', async () => {
    for (const text of [
      'SELECT 1',
      'select 1',
      ' SELECT 1 ; ',
      'SELECT 1 AS x',
      "select 1, 'ok' as said",
      'select true, null',
      'SELECT version()',
      'select version()',
      '/* ping */ Select version() -- now',
      'SELECT 1 -- ping',
      'select 1::int, -1, 1.5',
      'SELECT * FROM current_database()',
      'SELECT * FROM current_schema()',
    ]) {
      expect((await pool.query(text)).rowCount).toBe(1);
      const client = await pool.connect();
      expect((await client.query({ text })).rowCount).toBe(1);
      client.release();
    }
    for (const text of [
      'SELECT 1, title FROM job',
      'SELECT 1; SELECT title FROM job',
      'SELECT 1 FROM job',
      'SELECT 1 AS x FROM dual',
      'SELECT 1 /* */ FROM job',
      'SELECT 1 -- \n FROM job',
      'SELECT 1::job',
      'SELECT job FROM job',
      "SELECT 'a''b'",
      "SELECT 'a\\', title FROM job --'",
      'SELECT (SELECT title FROM job)',
      'SELECT pg_terminate_backend(1)',
      'SELECT 1 UNION SELECT 2',
      'SELECT 1 INTO x',
      'SELECT $1',
      "select version('x')",
      'select public.version()',
      'SELECT\u00a01',
    ]) {
      await expect(pool.query(text)).rejects.toEqual(missing);
    }
  });

  it('refuses a tenant whose id cannot be sent, from a context that let it in', async () => {
    for (const id of ['a\0b', 'lone \ud800', '', undefined, 7]) {
      const context = { current: () => ({ id, slug: 'x' }) as never, isActive: () => true };
      const careless = database.pool({ connectionString: proxy.url, context, max: 1 });
      await careless.verify();
      proxy.texts.length = 0;
      await expect(careless.query('select * from job')).rejects.toEqual(missing);
      expect(proxy.texts).toEqual([]);
    }
  });

  it('hands on why there is no tenant, as the context tells it', async () => {
    const reason = new Error('the guard has not run');
    const context = {
      current: () => {
        throw reason;
      },
      isActive: () => false,
    };
    await expect(database.pool({ context }).query('select * from job')).rejects.toBe(reason);
  });

  it('twin: refused between the queries of three tenants, whose own rows still come', async () => {
    let refused = 0;
    const nobody = Promise.all(
      Array.from({ length: 30 }, async () => {
        const client = await pool.connect();
        await client.query('select * from job').catch(() => {
          refused += 1;
        });
        await client.query('SELECT 1');
        client.release();
      }),
    );
    let wrong = 0;
    await interleaved(database, { callers: 12, rounds: 20 }, async (tenant) => {
      if (!areOwn(tenant, (await pool.query('select * from job')).rows)) wrong += 1;
    });
    await nobody;
    expect({ wrong, refused }).toEqual({ wrong: 0, refused: 30 });
  });
});
