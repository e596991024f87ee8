import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../src/migrations.js';
import { servers } from '../database/servers.js';
import { failure, Workplace } from './workplace.js';

describe.each(servers)('O19: a step outside of transactions that was cut off, $title', ({ url }) => {
  let place: Workplace;
  let reader: pg.Client;
  beforeEach(async () => {
    place = await Workplace.open(url);
    await place.file(
      '0001_event.sql',
      `create table event (at date not null, id int) partition by range (at);
       create table event_2026 partition of event for values from ('2026-01-01') to ('2027-01-01'); create table job (id int); create index job_old on job (id);`,
    );
    await run();
    reader = new pg.Client({ connectionString: place.url });
    await reader.connect();
  });
  afterEach(async () => {
    await reader.end();
    await place.stop();
  });

  const run = () => migrate({ connection: place.url, directory: place.directory });
  /** The line of a run that was killed when it had begun the only step of a migration. */
  const begun = async (name: string) => {
    const { createHash } = await import('node:crypto');
    const { readFile } = await import('node:fs/promises');
    const checksum = createHash('sha256')
      .update(await readFile(`${place.directory}/${name}`))
      .digest('hex');
    await place.client.query(
      `insert into tenancy_migrations (target, name, checksum, done, begun) values ('', $1, $2, 0, true)`,
      [name, checksum],
    );
  };
  /** Runs a statement until somebody who reads keeps it from its end. */
  const cutOff = async (sql: string, read: string) => {
    await reader.query(`begin isolation level repeatable read; ${read}`);
    await place.client.query(`set statement_timeout = 500`);
    await expect(place.client.query(sql)).rejects.toThrow('statement timeout');
    await place.client.query('reset statement_timeout');
    await reader.query('commit');
  };
  const indexes = async () =>
    (
      await place.rows(
        `select indexrelid::regclass::text as name from pg_index where indrelid = 'job'::regclass order by 1`,
      )
    ).map(({ name }) => name);

  it('is written down before it begins', async () => {
    await place.file('0002_index.sql', 'create index concurrently job_id on job (id);');
    await reader.query('begin isolation level repeatable read; select from job');
    const running = run();
    const lines = async () =>
      place.rows(
        `select done, begun, applied_at is not null as applied from tenancy_migrations where name = '0002_index.sql'`,
      );
    while ((await lines()).length === 0) await sleep(20);
    expect(await lines()).toEqual([{ done: 0, begun: true, applied: false }]);
    await reader.query('commit');
    await running;
    expect(await lines()).toEqual([{ done: 1, begun: false, applied: true }]);
  });

  it('an index that was finished is not made again, and one of somebody else is not taken for it', async () => {
    await place.file('0002_index.sql', 'create index concurrently job_id on job (id);');
    await place.client.query('create index job_id on job (id)');
    expect((await failure(run())).message).toContain('already exists');
    await place.client.query(`delete from tenancy_migrations where name = '0002_index.sql'`);
    await begun('0002_index.sql');
    expect(await run()).toMatchObject({ applied: ['0002_index.sql'] });
    expect(await indexes()).toEqual(['job_id', 'job_old']);
  });

  it('an index that was dropped is not dropped again, and one that was never there is missed', async () => {
    await place.file('0002_index.sql', 'drop index concurrently job_old;');
    await place.client.query('drop index job_old');
    expect((await failure(run())).message).toContain('does not exist');
    await place.client.query(`delete from tenancy_migrations where name = '0002_index.sql'`);
    await begun('0002_index.sql');
    expect(await run()).toMatchObject({ applied: ['0002_index.sql'] });
  });

  it('what an index that was rebuilt has left beside it is dropped', async () => {
    await cutOff('reindex index concurrently job_old', 'select from job');
    expect(await indexes()).toEqual(['job_old', 'job_old_ccnew']);
    await place.file('0002_index.sql', 'reindex index concurrently job_old;');
    await run();
    expect(await indexes()).toEqual(['job_old']);
  });

  it('a partition that was half detached is detached, and one that was detached stays so', async () => {
    const parts = () =>
      place.rows(`select inhdetachpending as pending from pg_inherits where inhparent = 'event'::regclass`);
    await cutOff('alter table event detach partition event_2026 concurrently', 'select from event');
    expect(await parts()).toEqual([{ pending: true }]);
    await place.file('0002_detach.sql', 'alter table event detach partition event_2026 concurrently;');
    await run();
    expect(await parts()).toEqual([]);
    await place.client.query(`delete from tenancy_migrations where name = '0002_detach.sql'`);
    expect((await failure(run())).message).toContain('is not a partition');
    await place.client.query(`delete from tenancy_migrations where name = '0002_detach.sql'`);
    await begun('0002_detach.sql');
    expect(await run()).toMatchObject({ applied: ['0002_detach.sql'] });
  });
});
