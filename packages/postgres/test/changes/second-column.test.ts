import { describe, expect, it } from 'vitest';
import { changeType, finishRename, renameColumn } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';
import { whileWriting } from './writers.js';

describe.each(servers)('a second column takes over $title', (server) => {
  const database = forAllTests(async () => {
    const opened = await openChangeDatabase(server);
    await opened.jobs(5_000);
    return opened;
  });
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const job = { name: 'job' };
  const column = async (name: string) =>
    query(`select format_type(atttypid, atttypmod) as type, attnotnull as "notNull", pg_get_expr(adbin, adrelid) as default
      from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = 'job'::regclass and attname = '${name}'`);

  it('changeType: the type is another one while others write, with its default, NOT NULL and every value', async () => {
    const before = await query('select sum(touched)::int from job');
    const { errors, worst, result } = await whileWriting(database, 6, () =>
      database.change({ change: changeType({ table: job, column: 'touched', type: 'bigint' }) }),
    );
    expect(result.done.at(-1)).toBe('swap');
    expect(errors).toEqual([]);
    expect(worst).toBeLessThan(1_200);
    expect(await column('touched')).toEqual([{ type: 'bigint', notNull: true, default: '0' }]);
    const [after] = await query('select sum(touched)::int from job');
    expect(after.sum).toBeGreaterThan(before[0].sum);
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('changeType: an update that comes while it is filled is in the new column', async () => {
    await query('alter table job add column views int');
    await query('update job set views = id');
    const written: Promise<unknown>[] = [];
    await database.change({
      change: changeType({ table: job, column: 'views', type: 'text', using: `'n' || views` }),
      onProgress: ({ state }) => {
        if (state === 'filling' && written.length === 0) {
          written.push(
            query('update job set views = -1 where id in (3, 4999)'),
            query('update job set views = null where id = 4'),
          );
        }
      },
    });
    await Promise.all(written);
    expect(await query('select id::int, views from job where id in (3, 4, 5, 4999) order by 1')).toEqual([
      { id: 3, views: 'n-1' },
      { id: 4, views: null },
      { id: 5, views: 'n5' },
      { id: 4999, views: 'n-1' },
    ]);
  });

  it('changeType: refuses what would be lost with the column, and a type that does not fit', async () => {
    await query('create index job_by_title on job (title)');
    const failing = async (options: object) =>
      String(
        await database
          .change({ change: changeType({ table: job, column: 'title', type: 'varchar(9)', ...options }) })
          .catch((thrown: unknown) => thrown),
      );
    expect(await failing({})).toMatch(
      /change_impossible: .*"title" is part of index job_by_title, which would be lost/,
    );
    expect(await failing({ column: 'id', type: 'text' })).toMatch(
      /change_impossible: .* is part of .*constraint job_pkey/,
    );
    expect(await failing({ column: 'touched', type: 'inet' })).toMatch(
      /change_impossible: .* is of type inet but default expression is of type integer/,
    );
    await query('drop index job_by_title');
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('renameColumn: old and new code read what the other one writes, and in the end the column has the new name with its index', async () => {
    await query('create index job_by_title on job (title)');
    const rename = { table: job, from: 'title', to: 'name' };
    const { errors } = await whileWriting(database, 4, () => database.change({ change: renameColumn(rename) }));
    expect(errors).toEqual([]);
    expect(await query('select count(*)::int from job where name is distinct from title')).toEqual([{ count: 0 }]);
    expect(await query(`insert into job (title) values ('old') returning name`)).toEqual([{ name: 'old' }]);
    expect(await query(`update job set name = 'of new code' where id = 1 returning title`)).toEqual([
      { title: 'of new code' },
    ]);
    expect(await query(`update job set title = 'of old code' where id = 1 returning name`)).toEqual([
      { name: 'of old code' },
    ]);
    expect(await query(`insert into job (name) values ('new') returning title`)).toEqual([{ title: 'new' }]);
    await database.change({ change: finishRename(rename) });
    expect(await column('title')).toEqual([]);
    expect(await column('name')).toEqual([{ type: 'text', notNull: true, default: null }]);
    expect(await query(`select pg_get_indexdef('job_by_title'::regclass) like '%(name)' as same`)).toEqual([
      { same: true },
    ]);
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('finishRename: refuses columns that were never kept the same', async () => {
    const error = await database
      .change({ change: finishRename({ table: job, from: 'touched', to: 'views' }) })
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(
      /change_impossible: .* has no trigger that keeps "touched" and "views" the same\. Nothing was done/,
    );
    expect(await column('views')).toHaveLength(1);
  });
});
