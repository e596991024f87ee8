import { describe, expect, it } from 'vitest';
import {
  abandonChange,
  addColumn,
  addForeignKey,
  type Change,
  changeStatus,
  changeType,
  createIndex,
  renameColumn,
} from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';

describe.each(servers)('a change that is given up $title', (server) => {
  const database = forAllTests(async () => {
    const opened = await openChangeDatabase(server);
    await opened.jobs(3_000);
    await opened.outside.query(
      'create table place (id int primary key); alter table job add column place int default 9',
    );
    return opened;
  });
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const abandon = (name: string) => abandonChange({ connection: database.url, name });
  const job = { name: 'job' };
  const shape = () =>
    query(`select attname from pg_attribute where attrelid = 'job'::regclass and attnum > 0 and not attisdropped
      union all select conname from pg_constraint where conrelid = 'job'::regclass
      union all select relname from pg_class where relname like 'job%' order by 1`);

  const region = addColumn({ table: job, column: 'region', type: 'text', value: "'eu'", notNull: true });

  it.each<[string, Change]>([
    ['addColumn', region],
    ['changeType', changeType({ table: job, column: 'touched', type: 'bigint' })],
    ['renameColumn', renameColumn({ table: job, from: 'title', to: 'name' })],
  ])('%s, stopped in the middle: nothing of it is left, and it can be made again', async (_, change) => {
    const before = await shape();
    const stop = new AbortController();
    const error = await database
      .change({
        change,
        name: 'stopped',
        signal: stop.signal,
        onProgress: ({ state }) => state === 'filling' && stop.abort(),
      })
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('change_interrupted');
    const [status] = (await changeStatus({ connection: database.url })).filter(({ name }) => name === 'stopped');
    expect(status).toMatchObject({
      state: 'running',
      isActive: false,
      done: 1,
      estimate: 3_000,
      change,
      error: expect.stringContaining('told to stop'),
    });
    expect(status?.rows).toBeGreaterThan(0);
    expect(await abandon('stopped')).toHaveLength(1);
    expect(await shape()).toEqual(before);
    expect(await leftBehind(database.outside)).toEqual([]);
    expect(await abandon('stopped')).toEqual([]);
    expect((await changeStatus({ connection: database.url })).map(({ state }) => state)).toEqual(['abandoned']);
  });

  it('addForeignKey and createIndex that failed', async () => {
    const before = await shape();
    const key = addForeignKey({
      table: job,
      name: 'job_place',
      columns: ['place'],
      references: { table: { name: 'place' }, columns: ['id'] },
    });
    await expect(database.change({ change: key, name: 'key' })).rejects.toThrow('change_failed');
    expect(await abandon('key')).toEqual(['foreign key, not valid']);
    const index = createIndex({ table: job, name: 'job_unique', columns: ['place'], unique: true });
    await expect(database.change({ change: index, name: 'index' })).rejects.toThrow('change_failed');
    expect(await abandon('index')).toEqual(['create index']);
    expect(await shape()).toEqual(before);
  });

  it('one that is done stays, and one that nobody knows is an error', async () => {
    await database.change({ change: region, name: 'made' });
    await expect(abandon('made')).rejects.toThrow(/change_impossible: made is done/);
    await expect(abandon('unmade')).rejects.toThrow(/change_unknown: no change of this database is named "unmade"/);
    expect(await query('select count(*)::int from job where region is null')).toEqual([{ count: 0 }]);
  });

  it('a rename that is done on both sides can be given up as long as it is not finished', async () => {
    const { name } = await database.change({ change: renameColumn({ table: job, from: 'title', to: 'label' }) });
    expect(await abandon(name)).toEqual(['add second name']);
    expect(await query(`select from pg_attribute where attrelid = 'job'::regclass and attname = 'label'`)).toEqual([]);
  });
});
