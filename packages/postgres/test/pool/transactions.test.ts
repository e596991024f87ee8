import type { PoolClient } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { checkedOut } from './checked-out.js';
import { areOwn, interleaved } from './interleaved.js';
import { openWireProxy, type Wire } from './wire-proxy.js';

const ALL = 'select * from job order by id';

describe('transactions', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    await database.outside.query(`
      create table step (tenant_id text not null default current_setting('app.tenant_id'), id int, next int,
        primary key (tenant_id, id),
        foreign key (tenant_id, next) references step deferrable initially deferred);
      alter table step enable row level security, force row level security;
      create policy tenant on step using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
      grant all on step to public;
      revoke truncate, references, trigger on step from public;
    `);
    pool = database.pool({ max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
  });

  /** Does it on the pool's one connection, which is then the same one, clean, and the next tenant's. */
  const asAcme = async (work: (client: PoolClient) => Promise<void>) => {
    await checkedOut(database.context, pool, acme, async (client) => {
      await work(client);
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
    });
    expect(pool.idleCount).toBe(1);
    const { rows } = await database.context.run(globex, () => pool.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
  };

  it.each([
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'serializable', 'off'],
    ['begin transaction isolation level repeatable read read only', 'repeatable read', 'on'],
    ['START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE', 'serializable', 'on'],
  ])('%s', (begin, isolation, readOnly) =>
    asAcme(async (client) => {
      await client.query(begin);
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      expect((await client.query('show transaction_isolation')).rows).toEqual([{ transaction_isolation: isolation }]);
      expect((await client.query('show transaction_read_only')).rows).toEqual([{ transaction_read_only: readOnly }]);
      await client.query('commit');
    }),
  );

  it('BEGIN, then SET TRANSACTION, then a query', () =>
    asAcme(async (client) => {
      await client.query('begin');
      await client.query('set transaction isolation level repeatable read, read only');
      expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      await expect(client.query("update job set title = 'x'")).rejects.toMatchObject({ code: '25006' });
      await client.query('rollback');
    }));

  it("LOCK comes before the snapshot, as PostgreSQL's documentation asks for", async () => {
    const client = await database.context.run(acme, () => pool.connect());
    const other = await database.outside.connect();
    await client.query('begin isolation level repeatable read');
    await other.query('begin');
    await other.query("insert into job values ('t_acme', 50, 'while locking')");
    const locked = client.query('lock table job in share row exclusive mode');
    await other.query('commit');
    await locked;
    expect((await client.query('select title from job where id = 50')).rows).toHaveLength(1);
    await client.query('rollback');
    await other.query('delete from job where id = 50');
    other.release();
    client.release();
    expect(pool.idleCount).toBe(1);
  });

  it('savepoints: what is rolled back is gone, and the tenant stays', () =>
    asAcme(async (client) => {
      await client.query('begin');
      await client.query('savepoint a');
      await client.query("update job set title = 'x'");
      await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
      await expect(client.query(ALL)).rejects.toMatchObject({ code: '25P02' });
      await client.query('rollback to savepoint a');
      const { rows } = await client.query(ALL);
      expect(areOwn(acme, rows)).toBe(true);
      expect(rows[0].title).toBe('acme job 1');
      await client.query('release savepoint a');
      await client.query('commit');
    }));

  it('deferred constraints, at SET CONSTRAINTS and at COMMIT', () =>
    asAcme(async (client) => {
      await client.query('begin');
      await client.query('insert into step (id, next) values (1, 2)');
      await client.query('insert into step (id, next) values (2, 1)');
      await client.query('set constraints all immediate');
      await client.query('commit');
      await client.query('begin');
      await client.query('insert into step (id, next) values (3, 9)');
      await expect(client.query('commit')).rejects.toMatchObject({ code: '23503' });
      expect((await client.query('select id from step order by id')).rows).toEqual([{ id: 1 }, { id: 2 }]);
    }));

  it('a COMMIT of a failed transaction rolls back, as PostgreSQL says', () =>
    asAcme(async (client) => {
      await client.query('begin');
      await client.query("update job set title = 'x'");
      await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
      expect((await client.query('commit')).command).toBe('ROLLBACK');
      expect((await client.query(ALL)).rows[0].title).toBe('acme job 1');
    }));

  it('nothing of the tenant is left on the session, after a query, an error, and each end of a transaction', async () => {
    const proxy = await openWireProxy(database.url);
    const own = database.pool({ connectionString: proxy.url, max: 1 });
    const client = await database.context.run(acme, () => own.connect());
    const wire = proxy.wires[0] as Wire;
    const left = () => proxy.ask(wire, "select current_setting('app.tenant_id', true)");
    await client.query('select 1');
    expect(await left()).toBe('');
    for (const [texts, due] of [
      [['select 1 / 0'], ''],
      [['begin', 'select 1', 'commit'], ''],
      [['begin', 'select 1', 'rollback'], ''],
      [['begin', 'select 1 / 0', 'rollback'], ''],
      [['begin', 'select 1 / 0', 'commit'], ''],
      [['begin', 'savepoint a', 'select 1', 'rollback to a'], ''],
      [['commit'], ''],
      [['begin', 'select 1'], acme.id],
      [['rollback'], ''],
    ] as const) {
      for (const text of texts) await client.query(text).catch(() => {});
      expect([texts, await left()]).toEqual([texts, due]);
    }
    client.release();
    expect(await left()).toBe('');
    await own.end();
    await proxy.stop();
  });

  it('twin: transactions of three tenants, that fail, roll back to savepoints, and commit', async () => {
    const many = database.pool({ max: 3 });
    let wrong = 0;
    await interleaved(database, { callers: 18, rounds: 12 }, async (tenant, round) => {
      const client = await many.connect();
      await client.query(round % 2 === 0 ? 'begin isolation level repeatable read' : 'begin');
      await client.query('savepoint a');
      await client.query(round % 3 === 0 ? 'select 1 / 0' : ALL).catch(() => {});
      if (round % 3 === 0) await client.query('rollback to a');
      if (!areOwn(tenant, (await client.query(ALL)).rows)) wrong += 1;
      await client.query(round % 4 === 0 ? 'rollback' : 'commit');
      if (!areOwn(tenant, (await client.query(ALL)).rows)) wrong += 1;
      client.release();
    });
    expect(wrong).toBe(0);
    expect(many.totalCount).toBe(3);
  });
});
