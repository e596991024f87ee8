import { beforeEach, describe, expect, it } from 'vitest';
import {
  abandonChange,
  addColumn,
  type Change,
  changeStatus,
  changeType,
  createIndex,
  dropTrigger,
  finishRename,
  isChangeError,
  renameColumn,
} from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openChangeDatabase, servers } from './change-database.js';

describe.each(servers)('changes that meet what was changed before $title', (server) => {
  const database = forAllTests(() => openChangeDatabase(server));
  const table = { name: 'job' };
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const made = async (change: Change, name?: string) =>
    (await database.change(name === undefined ? { change } : { change, name })).done;
  const refused = async (change: Change) => {
    const error = await database.change({ change }).catch((thrown: unknown) => thrown);
    return isChangeError(error) ? error.message : `not refused: ${String(error)}`;
  };
  const columns = async () =>
    (
      await query(
        `select attname from pg_attribute where attrelid = 'job'::regclass and attnum > 0 and not attisdropped order by 1`,
      )
    ).map(({ attname }) => attname);
  const region = addColumn({ table, column: 'region', type: 'text', value: "'eu'" });

  beforeEach(async () => {
    await query(`drop table if exists job, company, tenancy_changes;
      do $$ declare f text; begin for f in select oid::regproc from pg_proc where proname like 'tenancy_change_%' loop execute 'drop function ' || f; end loop; end $$`);
    await database.jobs(50);
    await query(
      `create table company (id bigint primary key, country text); insert into company select n, 'c' || n from generate_series(1, 50) n`,
    );
  });

  it('one that is done, and of which nothing is there any more, says so, and is made anew once it is given up', async () => {
    await made(region);
    await made(createIndex({ table, name: 'job_by_title', columns: ['title'] }));
    await query('alter table job drop column region; drop index job_by_title');
    expect(await refused(region)).toMatch(/change_differs: .* was done at .*has no column "region" any more/);
    expect(await refused(createIndex({ table, name: 'job_by_title', columns: ['title'] }))).toMatch(
      /has no index "job_by_title"/,
    );
    await abandonChange({ connection: database.url, name: 'add column "public"."job".region' });
    expect(await made(region)).toContain('backfill');
    await query('drop table job');
    expect(await refused(region)).toMatch(/change_differs: .*there is no table "public"\."job" any more/);
    await database.jobs(5);
    expect(await refused(region)).toMatch(/change_differs: /);
    expect(await made(region, 'region once more')).toContain('backfill');
    expect(await query('select distinct region from job')).toEqual([{ region: 'eu' }]);
  });

  it('one whose column has another name or type since, by changes, is done', async () => {
    const [one, other] = [
      { table, from: 'region', to: 'zone' },
      { table, from: 'zone', to: 'area' },
    ];
    const all = [region, renameColumn(one), finishRename(one), renameColumn(other), finishRename(other)];
    const types = [
      changeType({ table, column: 'touched', type: 'bigint' }),
      changeType({ table, column: 'touched', type: 'numeric(9,2)' }),
    ];
    for (const change of [...all, ...types]) expect(await made(change)).not.toEqual([]);
    for (const change of [...all, ...types]) expect(await made(change)).toEqual([]);
    await query('alter table job alter touched type int');
    expect(await refused(types[0] as Change)).toMatch(/has no column "touched" of the type bigint any more/);
  });

  it('a rename there and back is no rename there, and one that is finished cannot be given up with its column', async () => {
    const [there, back] = [
      { table, from: 'title', to: 'name' },
      { table, from: 'name', to: 'title' },
    ];
    for (const change of [renameColumn(there), finishRename(there)]) await made(change);
    const name = 'rename column "public"."job".title to name';
    await expect(abandonChange({ connection: database.url, name })).rejects.toThrow(/change_impossible: .* is done/);
    expect(await columns()).toEqual(['id', 'name', 'touched']);
    for (const change of [renameColumn(back), finishRename(back)]) await made(change);
    expect(await refused(renameColumn(there))).toMatch(/change_differs: .*has no column "name" any more/);
    expect(await made(renameColumn(there), 'there again')).toContain('backfill');
    expect(await made(finishRename(there))).toEqual(['rename column']);
    expect(await columns()).toEqual(['id', 'name', 'touched']);
  });

  it('a column that a trigger reads, on this table or another, keeps its name until that trigger has ended', async () => {
    const value = '(select country from company where company.id = job.id)';
    await made(addColumn({ table, column: 'country', type: 'text', value, notNull: true }));
    const rename = { table: { name: 'company' }, from: 'country', to: 'land' };
    expect(await refused(renameColumn(rename))).toMatch(
      /change_impossible: "public"\."company"\."country" is read by the trigger of add column "public"\."job"\.country.*`dropTrigger`/,
    );
    await made(dropTrigger({ table, column: 'country' }));
    await made(renameColumn(rename));
    expect(await refused(addColumn({ table, column: 'more', type: 'text', value }))).toMatch(
      /change_impossible: .*"country" is what this is about, and has two names for now .*`finishRename` first/,
    );
    expect(await refused(renameColumn({ ...rename, from: 'land', to: 'state' }))).toMatch(/has two names for now/);
    await made(finishRename(rename));
  });

  it('a value reads no generated column, neither by its name nor with the whole row', async () => {
    await query(`alter table job add loud text generated always as (upper(title)) stored`);
    for (const value of ['loud', 'job.loud || id', 'to_jsonb(job)::text']) {
      expect(await refused(addColumn({ table, column: 'more', type: 'text', value }))).toMatch(
        /change_impossible: the value reads "loud" of "public"\."job", which is generated/,
      );
    }
    await made(addColumn({ table, column: 'more', type: 'text', value: 'upper(title)' }));
  });

  it('no value of a row is shown or kept, whatever refuses it, and the message finds the row', async () => {
    await query(`update job set title = 'SECRET' where id = 7;
      create function cry() returns trigger language plpgsql as $$ begin if old.id = 7 then raise 'no % here', old.title using errcode = '42000'; end if; return new; end $$`);
    const number = addColumn({ table, column: 'number', type: 'int', value: `replace(title, 'job ', '')::int` });
    const message = await refused(number);
    expect(message).toMatch(/a text cannot be read as the type \(SQLSTATE 22P02/);
    const notices: string[] = [];
    const client = await database.outside.connect();
    client.on('notice', (notice) => notices.push(String(notice.message)));
    await client.query(message.slice(message.indexOf('DO $')));
    client.release(true);
    expect(notices).toEqual(['22P02 (7)']);
    await query(`create trigger cry before update on job for each row execute function cry()`);
    const raised = await refused(addColumn({ table, column: 'raised', type: 'int', value: '1' }));
    expect(raised).toMatch(/a function or trigger raised an error \(SQLSTATE 42000, PL\/pgSQL function cry\(\) line 1/);
    const kept = JSON.stringify(await changeStatus({ connection: database.url }));
    expect([message, raised, kept].join()).not.toContain('SECRET');
  });
});
