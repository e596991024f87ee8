import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn } from '../pool/interleaved.js';
import { openWireProxy } from '../pool/wire-proxy.js';

const JOBS = { name: 'jobs', text: 'select * from job where id > $1', values: [0] };

describe('named statements', () => {
  const database = forAllTests(openFloorDatabase);
  const proxy = forAllTests(() => openWireProxy(database.url));
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ connectionString: proxy.url, max: 1 });
    await pool.verify();
  });

  it('are parsed once for each connection, and again when it went to another tenant', async () => {
    proxy.texts.length = 0;
    for (const tenant of [acme, acme, globex, globex, globex, acme]) {
      const { rows } = await database.context.run(tenant, () => pool.query(JOBS));
      expect(areOwn(tenant, rows)).toBe(true);
    }
    expect(proxy.texts.filter((text) => text === JOBS.text)).toHaveLength(3);
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

  it('parsed again in a transaction that failed, and after it', async () => {
    await database.context.run(acme, () => pool.query(JOBS));
    const client = await database.context.run(globex, () => pool.connect());
    await client.query('begin');
    await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query(JOBS)).rejects.toMatchObject({ code: '25P02' });
    await client.query('rollback');
    expect(areOwn(globex, (await client.query(JOBS)).rows)).toBe(true);
    client.release();
  });

  it('whose values cannot be sent are there the next time', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    const thrower = {
      toPostgres: () => {
        throw new Error('no such value');
      },
    };
    const thrown = { name: 'thrown', text: 'select * from job where id > $1' };
    await expect(client.query({ ...thrown, values: [thrower] })).rejects.toThrow('no such value');
    expect(areOwn(acme, (await client.query({ ...thrown, values: [0] })).rows)).toBe(true);
    client.release();
  });

  it("cannot take a name of the pool's own", async () => {
    for (const name of ['tenancy query', 'tenancy app.tenant_id']) {
      await expect(
        database.context.run(acme, () => pool.query({ name, text: 'select $1::text', values: [globex.id] })),
      ).rejects.toMatchObject({ code: 'statement_refused' });
    }
  });
});
