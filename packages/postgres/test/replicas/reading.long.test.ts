import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTenantPool, reading, rowLevelSecurity, type TenantPool } from '../../src/index.js';
import { acme, globex, tenants } from '../database/floor-database.js';
import { answeredBy, portOf, ReplicatedDatabase } from './replicated-database.js';
import type { Standby } from './standby.js';

let database: ReplicatedDatabase;
let replica: Standby;

beforeAll(async () => {
  database = await ReplicatedDatabase.open();
  replica = database.replicas[0] as Standby;
});

afterEach(() => database.afterTest());

afterAll(() => database?.stop());

const asAcme = <R>(fn: () => R): R => database.context.run(acme, fn);

describe('reading', () => {
  it('is answered by the replica with the own rows and no others, interleaved with other tenants on one connection', async () => {
    const pool = database.pool({ reads: { maxConnectionsPerReplica: 1, waitMillis: 5_000 } });
    const asked = Array.from({ length: 60 }, (_, n) => tenants[n % tenants.length] ?? acme);
    const found = await Promise.all(
      asked.map((tenant) =>
        database.context.run(tenant, () =>
          reading(async () => (await pool.query('select tenant_id, inet_server_port() as port from job')).rows),
        ),
      ),
    );
    for (const [n, rows] of found.entries()) {
      expect(rows).toHaveLength(10);
      expect(new Set(rows.map(({ tenant_id, port }) => `${tenant_id} ${port}`))).toEqual(
        new Set([`${asked[n]?.id} ${replica.port}`]),
      );
    }
  });

  it('sees what another process has committed: a replica that has not replayed it is not asked', async () => {
    const pool = database.pool({ reads: { waitMillis: 0 } });
    await asAcme(() => answeredBy(pool, replica.port));
    await replica.pause();
    try {
      await database.outside.query(`update job set title = 'new' where tenant_id = 't_acme' and id = 1`);
      const rows = await asAcme(() =>
        reading(async () => (await pool.query('select title, inet_server_port() as port from job where id = 1')).rows),
      );
      expect(rows).toEqual([{ title: 'new', port: database.primaryPort }]);
    } finally {
      await replica.resume();
    }
    await asAcme(() => answeredBy(pool, replica.port));
  });

  it('sees what this pool has written since it began, and answers by the replica again when that is replayed', async () => {
    const pool = database.pool({ reads: { waitMillis: 0 } });
    await asAcme(() => answeredBy(pool, replica.port));
    const write = asAcme(() => database.context.bind(() => pool.query(`update job set title = 'mine' where id = 2`)));
    const ask = async () =>
      (await pool.query('select title, inet_server_port() as port from job where id = 2')).rows[0];
    const [rows, later] = await asAcme(() =>
      reading(async () => {
        await replica.pause();
        await write();
        const seen = await ask().finally(() => replica.resume());
        return [seen, ask] as const;
      }),
    );
    expect(rows).toEqual({ title: 'mine', port: database.primaryPort });
    await asAcme(() => answeredBy(pool, replica.port));
    expect(await asAcme(() => later())).toMatchObject({ title: 'mine' });
  });

  it('waits for a replica that is nearly there, as long as it is told', async () => {
    const pool = database.pool({ reads: { waitMillis: 20_000 } });
    await replica.pause();
    await database.outside.query(`update job set title = 'later' where tenant_id = 't_acme' and id = 3`);
    const asked = asAcme(() =>
      reading(async () => (await pool.query('select title, inet_server_port() as port from job where id = 3')).rows),
    );
    const waited = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))]);
    await replica.resume();
    expect(waited).toBe('waits');
    expect(await asked).toEqual([{ title: 'later', port: replica.port }]);
  });

  it('refuses with `replica_behind` where the primary is not to be asked, and is answered again afterwards', async () => {
    const pool = database.pool({ reads: { waitMillis: 0, whenBehind: 'refuse' } });
    await replica.pause();
    try {
      await database.outside.query(`update job set title = 'x' where tenant_id = 't_acme' and id = 3`);
      await expect(asAcme(() => portOf(pool))).rejects.toMatchObject({ code: 'replica_behind' });
    } finally {
      await replica.resume();
    }
    await asAcme(() => answeredBy(pool, replica.port));
  });

  it('stays on the primary outside of it, and after it', async () => {
    const pool = database.pool();
    const port = async () => (await pool.query('select inet_server_port() as port')).rows[0].port;
    await asAcme(async () => {
      expect(await port()).toBe(database.primaryPort);
      await answeredBy(pool, replica.port);
      expect(await port()).toBe(database.primaryPort);
    });
  });

  it('needs a tenant, as any query does', async () => {
    const pool = database.pool();
    await expect(reading(() => pool.query('select * from job'))).rejects.toMatchObject({
      code: 'tenant_context_missing',
    });
  });
});

const WRITES = [
  ['an INSERT', `insert into job (id, title) values (500, 'x')`],
  ['an UPDATE', `update job set title = 'x'`],
  ['a DELETE in a CTE', 'with gone as (delete from job returning 1) select * from gone'],
  ['a function that writes', 'select write_job()'],
  ['nextval', `select nextval('number')`],
  ['SELECT … FOR UPDATE', 'select * from job for update'],
  [
    'a statement that would allow writing again',
    `select set_config('transaction_read_only', 'off', true), write_job()`,
  ],
  ['SET TRANSACTION', 'set transaction read write'],
] as const;

describe.each(['a replica', 'the primary'])('a write in `reading` on %s', (where) => {
  const poolOf = (): TenantPool =>
    where === 'a replica'
      ? database.pool({ reads: { waitMillis: 5_000 } })
      : createTenantPool({ connectionString: database.url, context: database.context, isolation: rowLevelSecurity() });

  it.each(WRITES)('is refused: %s', async (_, sql) => {
    const pool = poolOf();
    const before = await database.outside.query('select * from job order by 1, 2');
    try {
      await asAcme(async () => {
        expect(await portOf(pool)).toBe(where === 'a replica' ? replica.port : database.primaryPort);
        const sent = reading(async () => {
          const client = await pool.connect();
          try {
            await client.query('begin');
            await client.query('select 1 from job');
            await client.query(sql);
          } finally {
            await client.query('rollback');
            client.release();
          }
        });
        await expect(sent).rejects.toMatchObject({ code: 'statement_refused' });
        if (!sql.startsWith('set ')) {
          await expect(reading(() => pool.query(sql))).rejects.toMatchObject({
            code: 'statement_refused',
            message: expect.stringContaining('within `reading`'),
          });
        }
      });
      expect((await database.outside.query('select * from job order by 1, 2')).rows).toEqual(before.rows);
      expect((await database.outside.query('select is_called from number')).rows).toEqual([{ is_called: false }]);
    } finally {
      if (where !== 'a replica') await pool.end();
    }
  });

  it('leaves nothing behind: the same connection writes outside of it', async () => {
    const pool = database.pool({ max: 1, replicas: [] });
    await asAcme(async () => {
      await reading(() => pool.query('select 1 from job'));
      await pool.query(`update job set title = 'written' where id = 9`);
      const { rows } = await pool.query('select title from job where id = 9');
      expect(rows).toEqual([{ title: 'written' }]);
    });
    await database.context.run(globex, async () => {
      expect((await pool.query(`select count(*)::int as n from job where title = 'written'`)).rows).toEqual([{ n: 0 }]);
    });
  });
});
