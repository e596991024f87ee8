import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import pg from 'pg';
import QueryStream from 'pg-query-stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { crowded, jobsOf, resetJobs } from '../drivers/crowd.js';
import { type PgBouncer, type PoolMode, program, startPgBouncer, title } from './pgbouncer.js';

const SERVERS = 3;

describe.skipIf(!program)(title, () => {
  const database = forAllTests(openFloorDatabase);
  beforeEach(() => resetJobs(database));

  const opened: PgBouncer[] = [];
  const start = async (mode: PoolMode, max: number): Promise<[PgBouncer, TenantPool]> => {
    const bouncer = await startPgBouncer(database.url, mode, SERVERS);
    opened.push(bouncer);
    return [bouncer, database.pool({ connectionString: bouncer.url, max })];
  };
  afterAll(() => Promise.all(opened.map((bouncer) => bouncer.stop())));

  /** Looks at every server connection, as a client without a tenant: each holds one in a transaction of its own. */
  const leftOn = async (bouncer: PgBouncer) => {
    const clients = Array.from({ length: SERVERS }, () => new pg.Client({ connectionString: bouncer.url }));
    const left: { process: number; tenant: string | null; statements: string[] }[] = [];
    for (const client of clients) {
      await client.connect();
      await client.query('begin');
      const { rows } = await client.query(`
        select pg_backend_pid() as process, nullif(current_setting('app.tenant_id', true), '') as tenant,
          array(select name from pg_prepared_statements) as statements`);
      left.push(rows[0]);
    }
    for (const client of clients) {
      await client.query('commit');
      await client.end();
    }
    return left;
  };

  /** Queries, transactions and streams of 48 callers: seven answers each round. */
  const work = (pool: TenantPool, rounds: number) =>
    crowded(database, { callers: 48, rounds }, async (check, { slug }, round, caller) => {
      check((await pool.query('select * from job')).rows);
      check((await pool.query('select * from job where id > $1', [3])).rows, 7);
      const client = await pool.connect();
      try {
        check((await client.query('select * from job')).rows);
        await client.query('begin');
        await client.query(`insert into job (id, title) values ($1, $2)`, [1000 + caller * 100 + round, slug]);
        check((await client.query('select * from job')).rows, 11);
        await client.query('savepoint here');
        await client.query('delete from job');
        check((await client.query('select * from job')).rows, 0);
        await client.query('rollback to savepoint here');
        check((await client.query('select * from job')).rows, 11);
        await client.query('rollback');
        const rows: unknown[] = [];
        for await (const row of client.query(new QueryStream('select * from job', [], { batchSize: 4 })))
          rows.push(row);
        check(rows);
      } finally {
        client.release();
      }
    });

  it('transaction pooling: 24 clients on 3 servers, 0 of 10,080 answers wrong, and nothing left on a server', async () => {
    const [bouncer, pool] = await start('transaction', 24);
    await pool.verify();
    expect(await work(pool, 30)).toEqual({ queries: 10_080, wrong: 0 });
    expect(pool.totalCount).toBe(24);
    const left = await leftOn(bouncer);
    expect(new Set(left.map(({ process }) => process)).size).toBe(SERVERS);
    // No binding was prepared: the next one would have been on another server.
    expect(left.map(({ tenant, statements }) => ({ tenant, statements }))).toEqual(
      Array.from({ length: SERVERS }, () => ({ tenant: null, statements: [] })),
    );
    expect(await jobsOf(database, acme)).toHaveLength(10);
  });

  it("transaction pooling: a statement's name may mean another text there, and the rows are the tenant's own still", async () => {
    const [, pool] = await start('transaction', 24);
    const outcomes = new Set<string>();
    const { wrong } = await crowded(database, { callers: 48, rounds: 10 }, async (check, _tenant, round, caller) => {
      const text = `select * from job where ${caller} = ${caller}`;
      try {
        check((await pool.query({ name: round % 2 ? `mine ${caller}` : "everybody's", text })).rows);
        outcomes.add('answered');
      } catch (error) {
        const { code, message } = error as pg.DatabaseError;
        outcomes.add(code ?? message);
      }
    });
    expect(wrong).toBe(0);
    // PgBouncer before 1.21 knows nothing of names: not there, there already, or pg itself objects. As without tenants.
    for (const outcome of outcomes) expect(outcome).toMatch(/^(answered|26000|42P05|.*must be unique.*)$/);
    expect(outcomes).toContain('answered');
  });

  it('session pooling: 3 clients on 3 servers, 0 of 10,080 answers wrong, and nothing left on a server', async () => {
    const [bouncer, pool] = await start('session', SERVERS);
    await pool.verify();
    expect(await work(pool, 30)).toEqual({ queries: 10_080, wrong: 0 });
    await pool.end();
    const left = await leftOn(bouncer);
    expect(left.map(({ tenant }) => tenant)).toEqual([null, null, null]);
  });

  it('statement pooling: queries are bound too, and a transaction is refused by PgBouncer without harm', async () => {
    const [bouncer, pool] = await start('statement', 24);
    await pool.verify();
    const refused = await database.context.run(acme, async () => {
      const client = await pool.connect();
      const error = await client.query('begin').catch((thrown: unknown) => thrown);
      client.release();
      return error;
    });
    expect(refused).toMatchObject({ message: expect.stringMatching(/transaction blocks not allowed/) });
    const count = await crowded(database, { callers: 48, rounds: 20 }, async (check) => {
      check((await pool.query('select * from job')).rows);
      check((await pool.query('select * from job where id > $1', [3])).rows, 7);
    });
    expect(count).toEqual({ queries: 1920, wrong: 0 });
    const client = new pg.Client({ connectionString: bouncer.url });
    await client.connect();
    expect((await client.query(`select nullif(current_setting('app.tenant_id', true), '') as tenant`)).rows).toEqual([
      { tenant: null },
    ]);
    await client.end();
  });

  it('transaction pooling: an option that PgBouncer cannot keep for one client is named, with where it belongs', async () => {
    const [bouncer] = await start('transaction', 1);
    for (const [option, options] of [
      ['statement_timeout', { statement_timeout: 1_000 }],
      ['lock_timeout', { lock_timeout: 1_000 }],
      ['idle_in_transaction_session_timeout', { idle_in_transaction_session_timeout: 1_000 }],
    ] as const) {
      const pool = database.pool({ connectionString: bouncer.url, ...options });
      const outcome = await database.context.run(acme, () => pool.query('select 1')).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ code: 'floor_misconfigured', message: expect.stringContaining(`\`${option}\``) });
      await pool.end();
    }
    // For the role, as the message says, it holds.
    const { username } = new URL(database.url);
    await database.outside.query(`alter role ${username} set lock_timeout = '4321ms'`);
    const fresh = await startPgBouncer(database.url, 'transaction', 1);
    opened.push(fresh);
    const pool = database.pool({ connectionString: fresh.url });
    const { rows } = await database.context.run(acme, () => pool.query("select current_setting('lock_timeout') as it"));
    expect(rows).toEqual([{ it: '4321ms' }]);
    await database.outside.query(`alter role ${username} reset lock_timeout`);
  });

  it('a tenant set for the session shows through a pooler, and stops the pool', async () => {
    const bouncer = await startPgBouncer(database.url, 'transaction', 1);
    opened.push(bouncer);
    const careless = new pg.Client({ connectionString: bouncer.url });
    await careless.connect();
    await careless.query(`select set_config('app.tenant_id', $1, false)`, [acme.id]);
    const pool = database.pool({ connectionString: bouncer.url });
    await expect(pool.verify()).rejects.toMatchObject({ code: 'floor_unsafe' });
    await careless.end();
  });

  it('leaves no process, no file and no port behind', async () => {
    const bouncer = await startPgBouncer(database.url, 'transaction', 1);
    expect(existsSync(bouncer.directory)).toBe(true);
    await bouncer.stop();
    expect(existsSync(bouncer.directory)).toBe(false);
    const refused = await new Promise((resolve) => connect(bouncer.port, '127.0.0.1').once('error', resolve));
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
