import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, type FloorDatabase, globex, openFloorDatabase } from '../database/floor-database.js';
import { areOwn } from './interleaved.js';
import { openWireProxy, type WireProxy } from './wire-proxy.js';

const JOBS = { name: 'jobs', text: 'select * from job where id > $1', values: [0] };

describe('named statements', () => {
  let database: FloorDatabase;
  let proxy: WireProxy;
  let pool: TenantPool;
  beforeAll(async () => {
    database = await openFloorDatabase();
    proxy = await openWireProxy(database.url);
    pool = database.pool({ connectionString: proxy.url, max: 1 });
    await pool.verify();
  });
  afterAll(async () => {
    await database.stop();
    await proxy.stop();
  });

  it('are parsed once for each connection, and bound to whoever runs them', async () => {
    proxy.texts.length = 0;
    for (const tenant of [acme, globex, acme]) {
      const { rows } = await database.context.run(tenant, () => pool.query(JOBS));
      expect(areOwn(tenant, rows)).toBe(true);
    }
    expect(proxy.texts.filter((text) => text === JOBS.text)).toHaveLength(1);
  });

  it('by name alone run what was parsed, as the tenant that runs them', async () => {
    await database.context.run(acme, () => pool.query(JOBS));
    const { rows } = await database.context.run(globex, () => pool.query({ name: 'jobs', values: [0] } as never));
    expect(areOwn(globex, rows)).toBe(true);
    await expect(database.context.run(globex, () => pool.query({ name: 'unheard of' } as never))).rejects.toMatchObject(
      {
        code: 'statement_refused',
      },
    );
  });

  it('refuse another text under the same name, and the client goes on', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    await client.query(JOBS);
    await expect(client.query({ ...JOBS, text: 'select 1' })).rejects.toThrow(/must be unique/);
    expect(areOwn(acme, (await client.query(JOBS)).rows)).toBe(true);
    client.release();
  });

  it('can be parsed again after a Parse that failed', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    const later = { name: 'later', text: 'select * from later' };
    await expect(client.query(later)).rejects.toMatchObject({ code: '42P01' });
    await database.outside.query('create table later as select 1 as id; grant select on later to public');
    expect((await client.query(later)).rows).toEqual([{ id: 1 }]);
    client.release();
    await database.outside.query('drop table later');
  });

  it('can be first used in an aborted transaction', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    const fresh = { name: 'fresh', text: 'select * from job' };
    await client.query('begin');
    await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query(fresh)).rejects.toMatchObject({ code: '25P02' });
    await client.query('rollback');
    expect(areOwn(acme, (await client.query(fresh)).rows)).toBe(true);
    client.release();
  });

  it('that begin and end a transaction', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    for (let round = 0; round < 2; round += 1) {
      await client.query({ name: 'b', text: 'begin isolation level serializable' });
      expect(areOwn(acme, (await client.query(JOBS)).rows)).toBe(true);
      expect((await client.query('show transaction_isolation')).rows).toEqual([
        { transaction_isolation: 'serializable' },
      ]);
      await client.query({ name: 'c', text: 'commit' });
    }
    client.release();
  });

  it('cannot take the name of the pool’s own, which binds every tenant’s queries', async () => {
    const forged = "select $1::text from set_config('app.' || 'tenant_id', 't_acme', true)";
    const fresh = database.pool({ max: 1 });
    await expect(
      database.context.run(acme, () =>
        fresh.query({ name: 'tenancy app.tenant_id', text: forged, values: [globex.id] }),
      ),
    ).rejects.toMatchObject({ code: 'statement_refused' });
    const { rows } = await database.context.run(globex, () => fresh.query('select * from job'));
    expect(areOwn(globex, rows)).toBe(true);
  });

  it('that took it before the first tenant came are not used for binding', async () => {
    const forged = `prepare "tenancy app.tenant_id"(text) as select $1 from set_config('app.' || 'tenant_id', 't_acme', true)`;
    const fresh = database.pool({
      max: 1,
      checks: { 'two-tenants': 'off' },
      onConnect: (client) => client.query(forged).then(() => undefined),
    });
    const client = await database.context.run(globex, () => fresh.connect());
    const seen: unknown[] = [];
    for (let query = 0; query < 3; query += 1) {
      await client.query('select * from job').then(
        ({ rows }) => seen.push(areOwn(globex, rows)),
        ({ code }) => seen.push(code),
      );
    }
    expect(seen).toEqual([true, '42P05', true]);
    client.release();
  });

  it('that take it by SQL, after the pool’s own was deallocated, are not used for binding', async () => {
    const fresh = database.pool({ max: 1 });
    const client = await database.context.run(globex, () => fresh.connect());
    for (let query = 0; query < 3; query += 1) await client.query('select 1');
    await client.query('deallocate all');
    await client.query(
      `prepare U&"tenancy app!002Etenant_id" uescape '!' (text) as select $1 from set_config('app.' || 'tenant_id', 't_acme', true)`,
    );
    for (let query = 0; query < 3; query += 1) {
      expect(areOwn(globex, (await client.query('select * from job')).rows)).toBe(true);
    }
    client.release();
    expect(fresh.totalCount).toBe(0);
  });
});
