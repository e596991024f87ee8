import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@tenancy/testing/postgres';
import { expect, it } from 'vitest';
import { migrate } from '../../src/migrations.js';
import { Workplace } from './workplace.js';

it('O23: an autovacuum that is in the way is ended by one try that waits longer, and short ones come before it', async () => {
  const server = await startPostgres();
  const place = await Workplace.open(server.url);
  try {
    // An autovacuum that would take minutes.
    await place.client.query(`create table job (id int, n text) with (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
      autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`);
    await place.client.query(`insert into job select n, repeat('x', 200) from generate_series(1, 20000) n`);
    await place.client.query('update job set id = id + 1');
    await place.client.query(`alter system set autovacuum_naptime = '1s'`);
    await place.client.query('select pg_reload_conf()');
    const vacuuming = async () =>
      (
        await place.rows(
          `select pid from pg_stat_activity where backend_type = 'autovacuum worker' and query like '%.job%'`,
        )
      ).length > 0;
    while (!(await vacuuming())) await sleep(50);
    await place.file('0001_title.sql', 'alter table job add title text;');
    await migrate({ connection: place.url, directory: place.directory, lockPatienceMillis: 20_000 });
    // It was not at its end by itself.
    expect(await place.rows('select from pg_stat_user_tables where autovacuum_count > 0')).toEqual([]);
    expect(await place.tables()).toEqual({ public: ['job.id', 'job.n', 'job.title'] });
  } finally {
    await place.stop();
    await server.stop();
  }
});
