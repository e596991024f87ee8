import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { addColumn, type ChangeProgress, isChangeError } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';

describe.each(servers)('addColumn $title', (server) => {
  const database = forAllTests(() => openChangeDatabase(server));
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const isNotNull = async (table: string, column: string) =>
    (
      await query(`select attnotnull from pg_attribute where attrelid = '${table}'::regclass and attname = '${column}'`)
    )[0].attnotnull;

  it('fills every row, holds NOT NULL, tells how far it is, leaves nothing behind, and is not done twice', async () => {
    await database.jobs(3_000);
    const events: ChangeProgress[] = [];
    const region = addColumn({
      table: { name: 'job' },
      column: 'region',
      type: 'text',
      value: "'eu-' || id -- of the row",
      notNull: true,
      keepTrigger: false,
    });
    const result = await database.change({ change: region, onProgress: (event) => events.push(event) });
    expect(result.name).toBe('add column "public"."job".region');
    expect(result.done).toEqual(result.steps.map(({ name }) => name));
    expect(
      await query(`select count(*)::int, count(*) filter (where region = 'eu-' || id)::int as filled from job`),
    ).toEqual([{ count: 3_000, filled: 3_000 }]);
    expect(await isNotNull('job', 'region')).toBe(true);
    expect(await leftBehind(database.outside)).toEqual([]);
    const filling = events.filter(({ state }) => state === 'filling');
    expect(filling.length).toBeGreaterThan(2);
    expect(filling.at(-1)).toMatchObject({ step: 'backfill', number: 2, rows: 3_000, estimate: 3_000 });
    expect(filling.at(-1)?.endsAt).toBeInstanceOf(Date);
    expect(events.filter(({ state }) => state === 'done').map(({ step }) => step)).toEqual(result.done);
    expect(await database.change({ change: region })).toEqual({ ...result, done: [] });
  });

  it('refuses another definition under the same name, and does nothing', async () => {
    const other = addColumn({ table: { name: 'job' }, column: 'region', type: 'int' });
    const error = await database.change({ change: other }).catch((thrown: unknown) => thrown);
    expect(isChangeError(error, 'change_differs')).toBe(true);
    expect(String(error)).toMatch(/stands for another change .* which is done\. Nothing was done\. Give/);
    // The order of the options is not the definition.
    const same = {
      notNull: true,
      keepTrigger: false,
      value: "'eu-' || id -- of the row",
      type: 'text',
      column: 'region',
      table: { name: 'job' },
    };
    expect((await database.change({ change: addColumn(same) })).done).toEqual([]);
  });

  it('O21: a constant default is there at once, and a volatile one fills the rows step by step, without writing the table anew', async () => {
    const file = `select pg_relation_filenode('job') as file`;
    const [before] = await query(file);
    const rank = addColumn({
      table: { name: 'job' },
      column: 'rank',
      type: 'int',
      default: '7',
      notNull: true,
      keepTrigger: false,
    });
    const { done } = await database.change({ change: rank });
    expect(done).not.toContain('backfill');
    expect(await query('select count(*)::int from job where rank = 7')).toEqual([{ count: 3_000 }]);
    const token = addColumn({
      table: { name: 'job' },
      column: 'token',
      type: 'uuid',
      default: 'gen_random_uuid()',
      notNull: true,
      keepTrigger: false,
    });
    expect((await database.change({ change: token })).done).toContain('backfill');
    expect(await query('select count(distinct token)::int from job')).toEqual([{ count: 3_000 }]);
    await query(`insert into job (title, region) values ('new', 'x')`);
    expect(await query(`select rank, token is not null as has from job where title = 'new'`)).toEqual([
      { rank: 7, has: true },
    ]);
    expect(await query(file)).toEqual([before]);
    // PostgreSQL itself says that this would have written it anew.
    await database.outside.query('alter table job add column naive uuid default gen_random_uuid()');
    expect(await query(file)).not.toEqual([before]);
  });

  it('O28: NOT NULL is added as the version can do it without a scan under the lock', async () => {
    const zone = addColumn({
      table: { name: 'job' },
      column: 'zone',
      type: 'text',
      value: "'z'",
      notNull: true,
      keepTrigger: false,
    });
    const { steps, done } = await database.change({ change: zone, dryRun: true });
    const sql = steps.flatMap((step) => step.sql).join(';\n');
    expect(done).toEqual([]);
    const isNewer = (await query('show server_version_num'))[0].server_version_num >= 180_000;
    expect(/add constraint "job_zone_not_null" not null "zone" not valid/.test(sql)).toBe(isNewer);
    expect(/check \("zone" is not null\) not valid/.test(sql)).toBe(!isNewer);
    // Nothing was sent.
    expect(await query(`select 1 from pg_attribute where attrelid = 'job'::regclass and attname = 'zone'`)).toEqual([]);
    expect(await query(`select 1 from tenancy_changes where name like '%zone'`)).toEqual([]);
    expect((await database.change({ change: zone })).done).toEqual(steps.map(({ name }) => name));
    expect(await isNotNull('job', 'zone')).toBe(true);
  });

  it('a value may be NULL where the column may be, and rows are walked past once', async () => {
    const half = addColumn({ table: { name: 'job' }, column: 'half', type: 'bigint', value: 'nullif(id % 2, 0)' });
    await database.change({ change: half });
    expect(
      await query(
        'select count(*) filter (where half is null)::int as none, count(half)::int as some from job where id <= 3000',
      ),
    ).toEqual([{ none: 1_500, some: 1_500 }]);
  });

  it('NOT NULL with a value that is NULL for some rows says how many, and goes on when they have one', async () => {
    await query(`update job set title = 'nameless' where id in (5, 2999)`);
    const label = addColumn({
      ...{ table: { name: 'job' }, column: 'label', type: 'text', notNull: true, keepTrigger: false },
      value: `nullif(title, 'nameless')`,
    });
    const error = await database.change({ change: label }).catch((thrown: unknown) => thrown);
    expect(isChangeError(error, 'change_failed')).toBe(true);
    expect(String(error)).toMatch(/the value is NULL for 2 rows of "public"\."job"/);
    await query(`update job set title = 'named' where id in (5, 2999)`);
    expect((await database.change({ change: label })).done[0]).toBe('backfill');
    expect(await query('select count(*)::int from job where label is null')).toEqual([{ count: 0 }]);
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('any schema, any name, and a primary key of several columns of any type', async () => {
    await query(`create schema "Firma ""A"""; create table "Firma ""A"""."Job's" (
      "when" timestamptz, "key""s" text, part numeric(8, 3), "value" int, primary key ("when", "key""s", part))`);
    await query(`insert into "Firma ""A"""."Job's" select timestamptz '2020-01-01 00:00:00.000001+00' + n % 7 * interval '1 microsecond',
      'k' || n % 11 || '''"\\', n * 1.125, n from generate_series(1, 1500) n`);
    const doubled = addColumn({
      table: { schema: 'Firma "A"', name: "Job's" },
      ...{ column: 'dou"bled', type: 'numeric(12,1)', value: `"Job's"."value" * 2`, notNull: true, keepTrigger: false },
    });
    await database.change({ change: doubled, batchTime: 5 });
    expect(await query(`select count(*)::int from "Firma ""A"""."Job's" where "dou""bled" = "value" * 2`)).toEqual([
      { count: 1_500 },
    ]);
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('a partitioned table is filled over all of its partitions', async () => {
    await query(`create table event (id bigint, at date, primary key (id, at)) partition by range (at);
      create table event_old partition of event for values from (minvalue) to ('2026-01-01');
      create table event_new partition of event for values from ('2026-01-01') to (maxvalue) partition by hash (id);
      create table event_new_0 partition of event_new for values with (modulus 2, remainder 0);
      create table event_new_1 partition of event_new for values with (modulus 2, remainder 1);
      insert into event select n, date '2025-12-01' + n % 60 from generate_series(1, 2000) n`);
    const kind = addColumn({
      table: { name: 'event' },
      column: 'kind',
      type: 'text',
      value: `'k' || id`,
      notNull: true,
      keepTrigger: false,
    });
    await database.change({ change: kind });
    expect(await query(`select count(*)::int from event where kind = 'k' || id`)).toEqual([{ count: 2_000 }]);
    expect([await isNotNull('event', 'kind'), await isNotNull('event_new_1', 'kind')]).toEqual([true, true]);
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('a value is looked up in another table, as the role that fills and not as the writer', async () => {
    await query(`create table company (id int primary key, region text); insert into company values (1, 'eu'), (2, 'us');
      create table office (id int primary key, company_id int);
      insert into office select n, 1 + n % 2 from generate_series(1, 500) n;
      revoke all on company from ${database.app}`);
    const region = addColumn({
      ...{ table: { name: 'office' }, column: 'region', type: 'text' },
      value: '(select region from company where company.id = office.company_id)',
    });
    let stamped: unknown;
    const writer = new pg.Client({ connectionString: database.appUrl });
    await writer.connect();
    await database.change({
      change: region,
      onProgress: async ({ state, step, rows }) => {
        if (state === 'started' && step === 'backfill')
          stamped = writer.query('insert into office values (501, 2) returning region');
        expect(rows ?? 0).toBeLessThanOrEqual(501);
      },
    });
    expect(((await stamped) as { rows: unknown }).rows).toEqual([{ region: 'us' }]);
    await writer.end();
    expect(await query('select region, count(*)::int from office group by 1 order by 1')).toEqual([
      { region: 'eu', count: 250 },
      { region: 'us', count: 251 },
    ]);
  });

  it('the record belongs to the role that changes, and nobody else has rights on it, whatever default privileges say', async () => {
    expect(
      await query(
        `select has_table_privilege('${database.app}', 'tenancy_changes', 'select, insert, update, delete, truncate') as may`,
      ),
    ).toEqual([{ may: false }]);
    expect(await query(`select state, step, error from tenancy_changes where name like '%office%'`)).toEqual([
      { state: 'done', step: 3, error: null },
    ]);
  });
});
