import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { addColumn, type ChangeProgress, dropTrigger, isChangeError } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';
import { whileWriting } from './writers.js';

const text = (column: string) =>
  addColumn({ table: { name: 'job' }, column, type: 'text', value: `'of ' || title`, notNull: true });

describe.each(servers)('a table that is written to $title', (server) => {
  const database = forAllTests(async () => {
    const opened = await openChangeDatabase(server);
    await opened.jobs(20_000);
    return opened;
  });
  const query = async (sql: string) => (await database.outside.query(sql)).rows;

  it('G11, O22: a NOT NULL column is added, and behind a reader of two seconds no writer waits for it, the reader is named, and every row is there and filled', async () => {
    const reader = await database.outside.connect();
    await reader.query(`set application_name = 'a long report'; begin; select count(*) from job`);
    const events: ChangeProgress[] = [];
    const reading = sleep(2_000).then(() => reader.query('commit'));
    const { worst, errors, inserted, transactions } = await whileWriting(database, 8, () =>
      database.change({ change: text('hot'), onProgress: (event) => events.push(event) }),
    );
    await reading;
    reader.release();
    expect(events).toContainEqual(
      expect.objectContaining({
        state: 'waiting',
        for: 'lock',
        blockers: [expect.objectContaining({ application: 'a long report', state: 'idle in transaction' })],
      }),
    );
    expect(errors).toEqual([]);
    // The lock's 100 ms and a batch; the rest is for a machine that does other things as well. Behind the reader it would be 2,000.
    expect(worst).toBeLessThan(1_200);
    expect(transactions).toBeGreaterThan(100);
    expect(await query('select count(*)::int from job where hot is null')).toEqual([{ count: 0 }]);
    expect(await query(`select count(*)::int from job where id::text = any('{${inserted}}')`)).toEqual([
      { count: inserted.length },
    ]);
    expect(await query('select count(*)::int from job where id <= 20000')).toEqual([{ count: 20_000 }]);
    // Old code still writes: what fills its rows stays until it is told to go.
    expect(await query(`insert into job (title) values ('old') returning hot`)).toEqual([{ hot: 'of old' }]);
    await database.change({ change: dropTrigger({ table: { name: 'job' }, column: 'hot' }) });
    await expect(query(`insert into job (title) values ('old')`)).rejects.toThrow('violates not-null constraint');
    expect(await leftBehind(database.outside)).toEqual([]);
    await query('alter table job drop column hot');
  });

  it('O22: who holds the lock for too long is named in the error, which says that nothing was done, and it goes on afterwards', async () => {
    const reader = await database.outside.connect();
    await reader.query(`set application_name = 'forgotten'; begin; select count(*) from job`);
    const { result, worst } = await whileWriting(database, 4, () =>
      database.change({ change: text('late'), giveUpAfter: 1_500 }).catch((error: unknown) => error),
    );
    expect(isChangeError(result, 'change_blocked')).toBe(true);
    expect(String(result)).toMatch(
      /In the way: process \d+ \(role \w+, "forgotten", idle in transaction, transaction open for \d+ s\)\. Nothing of this step was done/,
    );
    expect(worst).toBeLessThan(1_200);
    expect(
      await query(`select state, step, error like '%forgotten%' as named from tenancy_changes where name like '%late'`),
    ).toEqual([{ state: 'failed', step: 0, named: true }]);
    await reader.query('commit');
    reader.release();
    expect((await database.change({ change: text('late') })).done[0]).toBe('add column');
  });

  it('O24: a row that old code writes while the others are filled has the value at once', async () => {
    const rows: unknown[] = [];
    const seen: Promise<unknown>[] = [];
    await database.change({
      change: text('early'),
      onProgress: ({ state, rows: past }) => {
        if (state !== 'filling' || seen.length > 0) return;
        expect(past).toBeLessThan(20_000);
        // One behind the cursor, and two before it.
        seen.push(
          database.outside
            .query(`insert into job (id, title) values (-5, 'behind') returning early`)
            .then((r) => rows.push(...r.rows)),
          database.outside
            .query(`update job set title = 'ahead' where id = 19999 returning early`)
            .then((r) => rows.push(...r.rows)),
          database.outside
            .query(`update job set early = null where id = 19998 returning early`)
            .then((r) => rows.push(...r.rows)),
        );
      },
    });
    await Promise.all(seen);
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(expect.arrayContaining([{ early: 'of behind' }, { early: 'of ahead' }]));
    expect(rows).not.toContainEqual({ early: null });
    expect(await query('select count(*)::int from job where early is null')).toEqual([{ count: 0 }]);
  });

  it('O25: rows that move while they are filled are not passed over', async () => {
    let moves = 0;
    const moving: Promise<unknown>[] = [];
    await database.change({
      change: text('moved'),
      batchTime: 20,
      onProgress: ({ state }) => {
        // Each makes a new version of rows that are still to come, at the place of the table's end.
        if (state === 'filling' && (moves += 1) < 20) {
          moving.push(
            database.outside.query(`update job set touched = touched + 1 where id % 100 = ${moves}`).catch(() => {}),
          );
        }
      },
    });
    await Promise.all(moving);
    expect(moves).toBeGreaterThan(5);
    expect(await query(`select count(*)::int from job where moved is null or moved <> 'of ' || title`)).toEqual([
      { count: 0 },
    ]);
  });

  it('O29: a deadlock with a transaction that takes rows the other way round is tried again', async () => {
    const other = await database.outside.connect();
    // So that it is the batch that PostgreSQL ends.
    await other.query(`set deadlock_timeout = '60s'`);
    const waits: ChangeProgress[] = [];
    const first = new AbortController();
    let filled = 0;
    const changing = database.change({
      change: text('dead'),
      lockTimeout: 30_000,
      onProgress: (event) => {
        if (event.state === 'waiting') waits.push(event);
        if (event.rows === 200) first.abort();
        filled = event.rows ?? filled;
      },
    });
    await once(first.signal, 'abort');
    const blocked = `select from pg_stat_activity where wait_event_type = 'Lock' and application_name like 'tenancy change%' and datname = current_database()`;
    // A batch that begins with the row it waits for holds none before it: one row may meet that, a few do not.
    for (const id of [6000, 9501, 13002, 16503, 19990]) {
      if (waits.length > 0) break;
      await other.query(`begin; update job set touched = touched + 1 where id = ${id}`);
      while (filled < id && (await database.outside.query(blocked)).rowCount === 0) await sleep(10);
      await other.query(`update job set touched = touched + 1 where id = ${id - 1}`);
      await other.query('commit');
    }
    other.release();
    await changing;
    expect(waits.length).toBeGreaterThan(0);
    expect(await query('select count(*)::int from job where dead is null')).toEqual([{ count: 0 }]);
  });

  it('a row that another transaction holds for long stalls the batch, and no one behind it', async () => {
    const holder = await database.outside.connect();
    await holder.query('begin; select from job where id = 15000 for update');
    const holding = sleep(1_500).then(() => holder.query('commit'));
    const { worst, errors } = await whileWriting(database, 4, () => database.change({ change: text('held') }));
    await holding;
    holder.release();
    expect(errors).toEqual([]);
    expect(worst).toBeLessThan(1_200);
    expect(await query('select count(*)::int from job where held is null')).toEqual([{ count: 0 }]);
  });

  it('O26: the table does not grow to twice its size', async () => {
    await query(
      `create table large (id int primary key, body text); insert into large select n, repeat('x', 200) from generate_series(1, 60000) n; vacuum analyze large`.split(
        ';',
      )[0] as string,
    );
    await database.outside.query(`insert into large select n, repeat('x', 200) from generate_series(1, 60000) n`);
    await database.outside.query('alter table large set (autovacuum_enabled = false)');
    await database.outside.query('vacuum analyze large');
    const size = async () => Number((await query(`select pg_relation_size('large') as size`))[0].size);
    const before = await size();
    await database.change({
      change: addColumn({ table: { name: 'large' }, column: 'n', type: 'int', value: 'id' }),
      maxShare: 1,
    });
    expect(await query('select count(*)::int from large where n = id')).toEqual([{ count: 60_000 }]);
    expect((await size()) / before).toBeLessThan(1.5);
  });

  it('works for its share of the time, in batches that grow to the time that they may take', async () => {
    const timed = async (column: string, maxShare: number) => {
      const rows: number[] = [];
      const start = performance.now();
      await database.change({
        change: text(column),
        maxShare,
        onProgress: (event) => event.state === 'filling' && rows.push(event.rows ?? 0),
      });
      return { took: performance.now() - start, rows };
    };
    const whole = await timed('whole', 1);
    const tenth = await timed('tenth', 0.1);
    expect(tenth.took).toBeGreaterThan(3 * whole.took);
    const sizes = whole.rows.map((past, n) => past - (whole.rows[n - 1] ?? 0));
    expect(Math.max(...sizes)).toBeGreaterThan(800);
  });
});

describe('on a server of its own', () => {
  it('O23: an autovacuum that is in the way is ended, and no writer waits for that', async () => {
    const server = await startPostgres();
    const database = await openChangeDatabase({ title: '', url: server.url });
    try {
      await database.jobs(20_000);
      // An autovacuum that would take minutes.
      await database.outside.query(`alter table job set (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`);
      await database.outside.query('update job set touched = touched + 1');
      await database.outside.query(`alter system set autovacuum_naptime = '1s'`);
      await database.outside.query('select pg_reload_conf()');
      const vacuuming = `select from pg_stat_activity where backend_type = 'autovacuum worker' and query like '%job%'`;
      while ((await database.outside.query(vacuuming)).rowCount === 0) await sleep(50);
      const events: ChangeProgress[] = [];
      const { worst } = await whileWriting(database, 4, () =>
        database.change({
          change: addColumn({ table: { name: 'job' }, column: 'plain', type: 'text' }),
          giveUpAfter: 20_000,
          onProgress: (event) => events.push(event),
        }),
      );
      expect(events.flatMap(({ blockers = [] }) => blockers.map(({ kind }) => kind))).toContain('autovacuum worker');
      expect(worst).toBeLessThan(900);
    } finally {
      await database.stop();
      await server.stop();
    }
  });

  it('waits for a replica that is behind', async () => {
    const server = await startPostgres();
    const database = await openChangeDatabase({ title: '', url: server.url });
    const replica = new pg.Client({ connectionString: server.url, replication: 'true' } as pg.ClientConfig);
    replica.on('error', () => {});
    try {
      await database.jobs(40_000);
      await replica.connect();
      const { rows } = await database.outside.query('select pg_current_wal_lsn()::text as lsn');
      // Takes the log, and never says that it has replayed anything.
      replica.query(`START_REPLICATION PHYSICAL ${rows[0].lsn}`).catch(() => {});
      while ((await database.outside.query(`select from pg_stat_replication where state = 'streaming'`)).rowCount === 0)
        await sleep(20);
      let waited = 0;
      let filled = 0;
      await database.change({
        change: text('replicated'),
        maxReplicationLag: 100,
        batchTime: 20,
        onProgress: (event) => {
          if (event.state === 'filling') filled = event.rows ?? 0;
          if (event.for !== 'replica') return;
          expect(filled).toBeLessThan(40_000);
          if ((waited += 1) === 3)
            (replica as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
        },
      });
      expect(waited).toBeGreaterThanOrEqual(3);
      expect(filled).toBe(40_000);
    } finally {
      await replica.end().catch(() => {});
      await database.stop();
      await server.stop();
    }
  });
});
