import { describe, expect, it } from 'vitest';
import { addForeignKey, isChangeError } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';
import { whileWriting } from './writers.js';

describe.each(servers)('addForeignKey $title', (server) => {
  const database = forAllTests(async () => {
    const opened = await openChangeDatabase(server);
    await opened.jobs(5_000);
    await opened.outside.query(`create table place (id int primary key, name text); insert into place values (0), (1);
      alter table job add column place int default 0`);
    return opened;
  });
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const references = { table: { name: 'place' }, columns: ['id'] };
  const key = addForeignKey({
    table: { name: 'job' },
    name: 'job_place',
    columns: ['place'],
    references,
    onDelete: 'restrict',
  });

  it('rows that refer to nothing are an error; new ones are held by then, and it goes on when the old ones are right', async () => {
    await query('update job set place = 9 where id = 77');
    const error = await database.change({ change: key }).catch((thrown: unknown) => thrown);
    expect(isChangeError(error, 'change_failed')).toBe(true);
    expect(String(error)).toMatch(
      /step "validate": .* violates foreign key constraint "job_place".*the steps before it are done/,
    );
    await expect(query(`insert into job (title, place) values ('x', 10)`)).rejects.toThrow(
      'violates foreign key constraint',
    );
    await query('update job set place = 1 where id = 77');
    const { result, errors, worst } = await whileWriting(database, 6, () => database.change({ change: key }));
    expect(result.done).toEqual(['validate']);
    expect(errors).toEqual([]);
    expect(worst).toBeLessThan(1_200);
    expect(await query(`select convalidated, confdeltype from pg_constraint where conname = 'job_place'`)).toEqual([
      { convalidated: true, confdeltype: 'r' },
    ]);
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('a name that is taken, a column that is not there and a key that nothing can refer to are refused', async () => {
    const failing = async (options: object) =>
      String(
        await database
          .change({
            change: addForeignKey({
              ...{ table: { name: 'job' }, name: 'job_x', columns: ['place'], references },
              ...options,
            }),
          })
          .catch((thrown: unknown) => thrown),
      );
    await query(`alter table job add constraint taken check (true)`);
    expect(await failing({ name: 'taken' })).toMatch(/change_impossible: .* has a constraint "taken" already/);
    expect(await failing({ columns: ['plaice'] })).toMatch(/change_impossible: .* has no column "plaice"/);
    expect(await failing({ references: { table: { name: 'place' }, columns: ['name'] } })).toMatch(
      /change_failed: .*(no unique constraint|incompatible types)/,
    );
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('O28: a partitioned table has it in the way that the version can', async () => {
    await query('create table event (id bigint, at date, place int) partition by range (at)');
    await database.outside.query(`create table event_old partition of event for values from (minvalue) to ('2026-01-01');
      create table event_new partition of event for values from ('2026-01-01') to (maxvalue) partition by hash (id);
      create table event_new_0 partition of event_new for values with (modulus 2, remainder 0);
      create table event_new_1 partition of event_new for values with (modulus 2, remainder 1);
      insert into event select n, date '2025-12-01' + n % 60, n % 2 from generate_series(1, 2000) n`);
    const change = addForeignKey({ table: { name: 'event' }, name: 'event_place', columns: ['place'], references });
    const { done } = await database.change({ change });
    const isNewer = (await query('show server_version_num'))[0].server_version_num >= 180_000;
    expect(done.length).toBe(isNewer ? 2 : 7);
    expect(
      await query(
        `select count(*)::int from pg_constraint where conname like 'event%place%' and contype = 'f' and not convalidated`,
      ),
    ).toEqual([{ count: 0 }]);
    expect(
      await query(`select convalidated from pg_constraint where conrelid = 'event'::regclass and contype = 'f'`),
    ).toEqual([{ convalidated: true }]);
    await expect(query(`insert into event values (1, '2026-05-05', 7)`)).rejects.toThrow(
      'violates foreign key constraint',
    );
  });
});
