import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ChangeProgress, createIndex, isChangeError } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';
import { whileWriting } from './writers.js';

describe.each(servers)('createIndex $title', (server) => {
  const database = forAllTests(async () => {
    const opened = await openChangeDatabase(server);
    await opened.jobs(5_000);
    return opened;
  });
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const job = { name: 'job' };
  const indexes = async (name: string) =>
    query(
      `select i.indisvalid as valid, i.indisunique as unique from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname = '${name}'`,
    );

  it('builds it while others write, and once', async () => {
    const title = createIndex({ table: job, name: 'job_title', columns: ['title', 'id'] });
    const { result, errors, worst } = await whileWriting(database, 6, () => database.change({ change: title }));
    expect(errors).toEqual([]);
    expect(worst).toBeLessThan(1_200);
    expect(result.done).toEqual(['create index']);
    expect(await indexes('job_title')).toEqual([{ valid: true, unique: false }]);
    expect((await database.change({ change: title })).done).toEqual([]);
    await database.change({
      change: createIndex({
        table: job,
        name: 'job_lower',
        expression: 'lower(title) desc, touched',
        where: 'touched >= 0',
        unique: false,
      }),
    });
    const [{ definition }] = await query(`select pg_get_indexdef('job_lower'::regclass) as definition`);
    expect(definition).toMatch(/USING btree \(lower\(title\) DESC, touched\) WHERE \(touched >= 0\)/);
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('O20: waits for a transaction that is older, which is named, and no writer waits for that', async () => {
    const reader = await database.outside.connect();
    await reader.query(
      `set application_name = 'an old report'; begin isolation level repeatable read; select count(*) from job`,
    );
    const events: ChangeProgress[] = [];
    const reading = sleep(1_500).then(() => reader.query('commit'));
    const { worst } = await whileWriting(database, 4, () =>
      database.change({
        change: createIndex({ table: job, name: 'job_touched', columns: ['touched'] }),
        onProgress: (event) => events.push(event),
      }),
    );
    await reading;
    reader.release();
    expect(events.flatMap(({ blockers = [] }) => blockers.map(({ application }) => application))).toContain(
      'an old report',
    );
    expect(worst).toBeLessThan(1_000);
    expect(await indexes('job_touched')).toEqual([{ valid: true, unique: false }]);
  });

  it('O20: gives up when it is told to, names the session in the way, and goes on afterwards, over the invalid index that is left', async () => {
    const reader = await database.outside.connect();
    await reader.query(
      `set application_name = 'forgotten'; begin isolation level repeatable read; select count(*) from job`,
    );
    const late = createIndex({ table: job, name: 'job_late', columns: ['touched', 'title'] });
    const error = await database.change({ change: late, giveUpAfter: 500 }).catch((thrown: unknown) => thrown);
    expect(isChangeError(error, 'change_blocked')).toBe(true);
    expect(String(error)).toMatch(/In the way: process \d+ \(role \w+, "forgotten"/);
    await reader.query('commit');
    reader.release();
    await database.change({ change: late });
    expect(await indexes('job_late')).toEqual([{ valid: true, unique: false }]);
  });

  it('O20: an invalid index of a build that was cut off is built anew, and a valid one with another definition is left alone', async () => {
    const reader = await database.outside.connect();
    const builder = await database.outside.connect();
    await reader.query('begin isolation level repeatable read; select count(*) from job');
    await builder.query(`set lock_timeout = '100ms'`);
    await expect(builder.query('create index concurrently job_cut on job (title, touched)')).rejects.toThrow(
      'lock timeout',
    );
    await builder.query('reset lock_timeout');
    await reader.query('commit');
    for (const client of [reader, builder]) client.release();
    // PostgreSQL's own way leaves it as it is.
    await query('create index concurrently if not exists job_cut on job (title, touched)');
    expect(await indexes('job_cut')).toEqual([{ valid: false, unique: false }]);
    await database.change({ change: createIndex({ table: job, name: 'job_cut', columns: ['title', 'touched'] }) });
    expect(await indexes('job_cut')).toEqual([{ valid: true, unique: false }]);
    const other = createIndex({ table: job, name: 'job_touched', columns: ['touched'], unique: true });
    const error = await database.change({ name: 'other', change: other }).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/change_impossible: the name "job_touched" is that of something else/);
    expect(await indexes('job_touched')).toEqual([{ valid: true, unique: false }]);
  });

  it('rows with the same key are an error, and nothing is left of the index', async () => {
    const unique = createIndex({ table: job, name: 'job_unique', expression: '(id / 2)', unique: true });
    const error = await database.change({ change: unique }).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(
      /change_failed: .* have the same key, so the unique index "job_unique" could not be built/,
    );
    expect(await indexes('job_unique')).toEqual([]);
  });

  it.each<[string, Parameters<typeof createIndex>[0], RegExp]>([
    ['a column that is not there', { table: job, name: 'x', columns: ['titel'] }, /column "titel" does not exist/],
    [
      'a condition that is none',
      { table: job, name: 'x', columns: ['id'], where: 'nothing' },
      /column "nothing" does not exist/,
    ],
    [
      'a method that is none',
      { table: job, name: 'x', columns: ['id'], using: 'btee' },
      /access method "btee" does not exist/,
    ],
  ])('%s is refused before anything is done', async (_, options, message) => {
    const error = await database.change({ change: createIndex(options) }).catch((thrown: unknown) => thrown);
    expect(isChangeError(error, 'change_impossible')).toBe(true);
    expect(String(error)).toMatch(message);
  });

  it('O20: a partitioned table has it on one partition after the other, and on those that come later', async () => {
    await query(`create table event (id bigint, at date) partition by range (at)`);
    await database.outside.query(`create table event_old partition of event for values from (minvalue) to ('2026-01-01');
      create table event_new partition of event for values from ('2026-01-01') to ('2027-01-01') partition by hash (id);
      create table event_new_0 partition of event_new for values with (modulus 2, remainder 0);
      create table event_new_1 partition of event_new for values with (modulus 2, remainder 1);
      insert into event select n, date '2025-12-01' + n % 60 from generate_series(1, 2000) n`);
    await database.change({
      change: createIndex({ table: { name: 'event' }, name: 'event_at', columns: ['at', 'id'] }),
    });
    expect(await indexes('event_at')).toEqual([{ valid: true, unique: false }]);
    const counted = async () => (await query(`select count(*)::int from pg_partition_tree('event_at')`))[0].count;
    expect(await counted()).toBe(5);
    await query(`create table event_later partition of event for values from ('2027-01-01') to (maxvalue)`);
    expect(await counted()).toBe(6);
    expect(await leftBehind(database.outside)).toEqual([]);
  });
});
