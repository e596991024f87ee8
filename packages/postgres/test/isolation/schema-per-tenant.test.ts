import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, initech, type tenants } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { crowded } from '../drivers/crowd.js';
import { jobsOf, openSchemaDatabase } from './schema-fixture.js';

describe('a schema for each tenant', () => {
  const database = forAllTests(openSchemaDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.schemaPool({}, { max: 5 });
  });

  const as = <R>(tenant: (typeof tenants)[number], work: () => Promise<R>) => database.context.run(tenant, work);
  const titles = async (slug: string) =>
    (await database.outside.query<{ title: string }>(`select title from "${slug}".job order by id`)).rows.map(
      ({ title }) => title,
    );

  it('interleaved: queries and transactions of three tenants on 5 connections, 0 of 10,125 wrong', async () => {
    const count = await crowded(database, { callers: 45, rounds: 75 }, async (check, { slug }) => {
      check((await pool.query('select * from job')).rows);
      const client = await pool.connect();
      try {
        await client.query('begin');
        await client.query(`update job set title = $1 || ' ' || current_schema()`, [slug]);
        check((await client.query('select * from job where title = $1', [`${slug} ${slug}`])).rows);
        await client.query('savepoint here');
        await client.query('delete from job where id = 1');
        check((await client.query('select * from job')).rows, 9);
        await client.query('rollback');
      } finally {
        client.release();
      }
    });
    expect(count).toEqual({ queries: 10_125, wrong: 0 });
    expect(pool.totalCount).toBeLessThanOrEqual(5);
    expect(await titles('globex')).toEqual(Array.from({ length: 10 }, (_, n) => `job ${n + 1}`));
  });

  it('writes to its own tables alone, and may empty them', async () => {
    const others = await titles('globex');
    await as(initech, async () => {
      await pool.query(`insert into job (id, title) values (11, 'new')`);
      expect((await pool.query(`update job set title = 'changed'`)).rowCount).toBe(11);
      await pool.query('truncate job');
      expect((await pool.query('select * from job')).rows).toEqual([]);
    });
    expect([await titles('initech'), await titles('globex')]).toEqual([[], others]);
    await database.outside.query(
      `insert into initech.job select 't_initech', n, 'job ' || n from generate_series(1, 10) n`,
    );
  });

  it("nothing stays on the connection: without a tenant a query is refused, and the path is the role's own", async () => {
    const single = database.schemaPool({}, { max: 1 });
    await as(acme, () => single.query('select * from job'));
    await expect(single.query('select * from job')).rejects.toMatchObject({ code: 'tenant_context_missing' });
    expect((await single.query('SELECT * FROM current_schema()')).rows).toEqual([{ current_schema: 'public' }]);
  });

  it('refuses SQL that would set the path, for the statement or the session', () =>
    as(acme, async () => {
      for (const text of ['set search_path to globex', `select set_config('search_path', 'globex', true) from job`]) {
        await expect(pool.query(text)).rejects.toMatchObject({ code: 'tenant_switch_refused' });
      }
      // The same under another name: the next statement is bound anew, and the connection is not used again.
      const client = await pool.connect();
      await client.query('begin');
      await client.query(`set schema 'globex'`);
      const { rows } = await client.query('select distinct tenant_id from job');
      await client.query('commit');
      client.release();
      expect(rows).toEqual([{ tenant_id: acme.id }]);
    }));

  it('a schema that is missing is an error, not the table of `public` or of another tenant', async () => {
    const single = database.schemaPool({}, { max: 1 });
    await as(acme, () => single.query('select * from job'));
    const hooli = { id: 't_hooli', slug: 'hooli' };
    for (const text of ['select * from job', 'delete from job', `insert into job (id, title) values (1, 'lost')`]) {
      await expect(database.context.run(hooli, () => single.query(text))).rejects.toMatchObject({ code: '42P01' });
    }
    expect((await as(acme, () => single.query('select * from job'))).rowCount).toBe(10);
  });

  it('finds in `shared` what its own schema does not have, and its own first', async () => {
    await database.inSchema('common', `${jobsOf('nobody')}; create table currency as select 'CHF' as code`);
    const single = database.schemaPool({ shared: ['common'] }, { max: 1 });
    for (const tenant of [acme, globex]) {
      const { rows } = await as(tenant, () => single.query('select distinct tenant_id, code from job, currency'));
      expect(rows).toEqual([{ tenant_id: tenant.id, code: 'CHF' }]);
    }
  });
});

describe('statements with a name, on one connection that tenants share', () => {
  const database = forAllTests(openSchemaDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.schemaPool({}, { max: 1 });
    // initech was migrated already.
    await database.inSchema('initech', 'alter table job add column salary int not null default 7');
  });

  it('read the table of whoever asks', async () => {
    const wanted = { name: 'titles', text: 'select tenant_id, id from job where id <= $1', values: [10] };
    const count = await crowded(database, { callers: 9, rounds: 50 }, async (check) =>
      check((await pool.query(wanted)).rows),
    );
    expect(count).toEqual({ queries: 450, wrong: 0 });
    expect(pool.totalCount).toBe(1);
  });

  it('where the columns differ between schemas, `*` under one name is what each tenant has', async () => {
    const wanted = { name: 'everything', text: 'select * from job' };
    const ask = (tenant: (typeof tenants)[number]) => database.context.run(tenant, () => pool.query(wanted));
    expect((await ask(acme)).fields.map(({ name }) => name)).toEqual(['tenant_id', 'id', 'title']);
    // It is parsed anew for the next tenant, so PostgreSQL has no old plan to stumble over.
    expect((await ask(initech)).rows[0]).toMatchObject({ tenant_id: initech.id, salary: 7 });
    expect((await ask(globex)).rows.every(({ tenant_id }) => tenant_id === globex.id)).toBe(true);
    const unnamed = await database.context.run(initech, () => pool.query('select * from job'));
    expect(unnamed.rows[0]).toMatchObject({ tenant_id: initech.id, salary: 7 });
  });
});
