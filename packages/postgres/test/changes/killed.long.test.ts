import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { addColumn, type ChangeProgress, change, changeStatus } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';
import { startApart } from './killed-process.js';
import { killsOf, timeOf } from './kills.js';

/** Kills, at random points. */
const KILLS = killsOf(20);

const column = (name: string) =>
  addColumn({
    table: { name: 'job' },
    column: name,
    type: 'text',
    value: "'of ' || title",
    notNull: true,
    keepTrigger: false,
  });

describe.each(servers)('killed with -9 $title', (server) => {
  const database = forAllTests(() => openChangeDatabase(server));
  const query = async (sql: string) => (await database.outside.query(sql)).rows;

  beforeAll(async () => {
    await database.jobs(4_000);
    // Counts how often a row was written.
    await database.outside.query(`create function counted() returns trigger language plpgsql as
      $$ begin new.touched := old.touched + 1; return new; end $$;
      create trigger counted before update on job for each row execute function counted()`);
  });

  it(
    `at ${KILLS} random points: a second run finishes, writes no row twice, and leaves nothing behind`,
    async () => {
      const whole = startApart(database.url, column('whole'));
      await whole.working;
      const begin = performance.now();
      expect(await whole.gone).toBe(0);
      const duration = performance.now() - begin;
      const points = new Set<string>();
      for (let n = 1; n <= KILLS; n += 1) {
        const run = startApart(database.url, column(`killed_${n}`));
        await run.working;
        await sleep(duration * Math.random());
        run.kill();
        await run.gone;
        const status = (await changeStatus({ connection: database.url })).at(-1);
        points.add(`${status?.done} steps, ${status?.rows} rows`);
        await database.change({ change: column(`killed_${n}`) });
        expect(
          await query(
            `select count(*) filter (where killed_${n} is null)::int as nulls, min(touched), max(touched), count(*)::int from job`,
          ),
        ).toEqual([{ nulls: 0, min: n + 1, max: n + 1, count: 4_000 }]);
        expect(await leftBehind(database.outside)).toEqual([]);
      }
      // They did not all hit the same moment.
      expect(points.size).toBeGreaterThan(KILLS / 4);
    },
    timeOf(KILLS),
  );

  it('O15: the server process of a killed run ends, and a second run does not wait for its statement', async () => {
    await query('create table slow (id int primary key)');
    await query('insert into slow select generate_series(1, 300)');
    const value = `(select 'x' from pg_sleep(0.2 + id * 0))`;
    const orphaned = addColumn({
      ...{ table: { name: 'slow' }, column: 'orphaned', type: 'text', value },
      notNull: true,
      keepTrigger: false,
    });
    const first = startApart(database.url, orphaned);
    const filling = `select pid from pg_stat_activity where application_name like 'tenancy change%worker' and query like 'update%pg_sleep%'`;
    while ((await query(filling)).length === 0) await sleep(20);
    const [orphan] = await query(filling);
    first.kill();
    await first.gone;
    const events: ChangeProgress[] = [];
    const begin = performance.now();
    // The rerun is stopped as soon as it works: a batch of it takes 40 s.
    const stop = new AbortController();
    const error = await database
      .change({
        change: orphaned,
        signal: stop.signal,
        onProgress: (event) => {
          events.push(event);
          if (event.state === 'started') stop.abort();
        },
      })
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/change_interrupted: .* running it again goes on from there/);
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(await query(`select from pg_stat_activity where pid = ${orphan.pid}`)).toEqual([]);
  });

  it('O15: a worker whose observer is gone is ended, though its client may still be there', async () => {
    const left = new pg.Client({ connectionString: database.url });
    left.on('error', () => {});
    await left.connect();
    await left.query(`set application_name = 'tenancy change 0123456789ab 01234567 worker'`);
    await left.query(`select pg_advisory_lock(hashtextextended('public.tenancy_changes:["public","job"]', 0))`);
    const ended = new Promise((resolve) => left.once('end', resolve));
    const events: ChangeProgress[] = [];
    await database.change({
      change: addColumn({ table: { name: 'job' }, column: 'after', type: 'int' }),
      onProgress: (event) => events.push(event),
    });
    await ended;
    expect(events[0]).toMatchObject({
      state: 'waiting',
      for: 'run',
      blockers: [{ application: 'tenancy change 0123456789ab 01234567 worker' }],
    });
  });

  it('O16: of several runs at once one works, the others ask again and wait for no lock, and all of them are told', async () => {
    let isOver = false;
    let waiting = 0;
    const looking = (async () => {
      while (!isOver) {
        const sql = `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`;
        waiting += (await query(sql)).length;
        await sleep(5);
      }
    })();
    const runs = await Promise.all(Array.from({ length: 4 }, () => database.change({ change: column('at_once') })));
    isOver = true;
    await looking;
    expect(waiting).toBe(0);
    expect(runs.map(({ done }) => done.length).toSorted()).toEqual([0, 0, 0, runs[0]?.steps.length]);
  });

  it('a run that waits for another one stops when it is told to', async () => {
    const stop = new AbortController();
    const first = database.change({ change: column('slow'), maxShare: 0.02 });
    await sleep(100);
    const second = change({
      connection: database.url,
      change: addColumn({ table: { name: 'job' }, column: 'other', type: 'int' }),
      signal: stop.signal,
      onProgress: ({ for: what }) => what === 'run' && stop.abort(),
    }).catch((thrown: unknown) => thrown);
    expect(String(await second)).toContain('change_interrupted');
    await first;
  });
});
