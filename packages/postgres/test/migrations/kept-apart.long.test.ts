import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, migrationStatus } from '../../src/migrations.js';
import { servers } from '../database/servers.js';
import { failure, Workplace } from './workplace.js';

describe.each(servers)('$title', ({ url }) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await Workplace.open(url);
    await place.client.query(
      `create schema b; create table b.job (id int primary key, t text default 'of b'); insert into b.job values (1); create sequence b.s;
     create table public.job (id int)`,
    );
  });
  afterEach(() => place.stop());

  const ofB = () => place.rows('select id, t from b.job order by id');

  describe('what one tenant`s migrations leave on their connection is not found by the next one`s', () => {
    it('O9: temporary tables, prepared statements, and what a sequence said last', async () => {
      const tenants = ['t1', 't2', 't3', 't4', 't5', 't6'];
      await place.file('0001_person.sql', 'create table person (n text);');
      await place.schemas(tenants);
      for (const tenant of tenants)
        await place.client.query(`insert into ${tenant}.person values ('secret of ${tenant}')`);
      await place.file(
        '0002_contact.sql',
        `create temp table if not exists stage (n text); insert into stage select n from person; create table contact as select n from stage;
       do $$ begin execute 'prepare planned as select 1'; execute 'listen news'; end $$; create temp sequence numbers;`,
      );
      await place.schemas(tenants, { workers: 1 });
      for (const tenant of tenants) {
        expect(await place.rows(`select n from ${tenant}.contact`)).toEqual([{ n: `secret of ${tenant}` }]);
      }
    });
  });

  describe('rows and objects of another schema', () => {
    it.each([
      ['rows that a block deletes', 'do $$ begin delete from b.job; end $$;'],
      ['rows that a block inserts', 'do $$ begin insert into b.job values (2); end $$;'],
      [
        'rows by a search path in a block',
        `do $$ begin perform set_config('search_path', 'b', true); insert into job values (2); end $$;`,
      ],
      [
        'rows by a function',
        `create function f() returns void language plpgsql as 'begin execute ''delete from b.job''; end'; select f();`,
      ],
      [
        'rows by a trigger',
        `create table job (id int); create function f() returns trigger language plpgsql as 'begin delete from b.job; return null; end';
       create trigger t after insert on job for each row execute function f(); insert into job values (1);`,
      ],
      [
        'a table by a trigger that waits for the commit',
        `create table job (id int); create function f() returns trigger language plpgsql as 'begin create table b.late (id int); return null; end';
       create constraint trigger t after insert on job deferrable initially deferred for each row execute function f(); insert into job values (1);`,
      ],
      ['the ledger', 'do $$ begin delete from public.tenancy_migrations; end $$;'],
    ])('O9: %s are found, and all is taken back', async (_, sql) => {
      await place.file('0001_first.sql', 'create table first (id int);');
      await place.schemas(['a']);
      const before = [await place.tables(), await ofB()];
      await place.file('0002_code.sql', sql);
      expect((await failure(place.schemas(['a']))).result?.failed[0]?.message).toContain('migration_left_schema');
      expect([await place.tables(), await ofB()]).toEqual(before);
      expect(await migrationStatus({ connection: place.url, directory: place.directory })).toBeDefined();
      expect(await place.rows(`select name from tenancy_migrations where applied_at is not null`)).toEqual([
        { name: '0001_first.sql' },
      ]);
    });

    it.each([
      [
        'a path of a function',
        `create function f() returns void language plpgsql set search_path = b as 'begin insert into job values (2); end'; select f();`,
      ],
      ['a path of a function that is altered', 'alter function f() set search_path = b;'],
      ['another database', 'alter database other rename to another;'],
      ['a setting of another database', "alter database other set work_mem = '1GB';"],
      ['the owner of a database', 'alter database other owner to postgres;'],
      ['a server', 'alter server other rename to another;'],
      ['a foreign schema', 'import foreign schema x from server y into b;'],
      ['a library', "load 'auto_explain';"],
      ['all tables', 'vacuum;'],
      ['all indexes of a schema', 'reindex schema b;'],
      ['rights of every schema', 'alter default privileges grant select on tables to public;'],
      ['a catalog', "update pg_class set relname = 'x' where relname = 'job';"],
      ['settings as rows', "update pg_settings set setting = 'b' where name = 'search_path';"],
      ['a collation', 'create table j (t text); create index on j (t collate b.c);'],
      ['a class of operators', 'create table j (t text); create index on j (t b.ops);'],
      ['an operator to sort by', 'select 1 order by 1 using operator(b.<);'],
    ])('%s is refused before anything is sent', async (_, sql) => {
      await place.file('0001_leaves.sql', sql);
      expect(await failure(place.schemas(['a']))).toMatchObject({ code: 'migration_refused' });
      expect(await ofB()).toEqual([{ id: 1, t: 'of b' }]);
    });

    it('a function may have a path that leads nowhere else', async () => {
      await place.file(
        '0001_safe.sql',
        `create function f() returns int language sql set search_path = '' as 'select 1'; select f();`,
      );
      expect(await place.schemas(['a'])).toMatchObject({ migrated: 1 });
    });

    it('a text is read by the server as by the parser, whatever the database is set to', async () => {
      await place.client.query(
        `alter database ${new URL(place.url).pathname.slice(1)} set standard_conforming_strings to off`,
      );
      await place.file(
        '0001_text.sql',
        String.raw`create table kept (t text); insert into kept values ('a\'), ('; delete from b.job; --');`,
      );
      await place.schemas(['a']);
      expect(await ofB()).toEqual([{ id: 1, t: 'of b' }]);
      expect(await place.rows('select t from a.kept order by 1')).toEqual([
        { t: '; delete from b.job; --' },
        { t: 'a\\' },
      ]);
    });
  });

  describe('faults that have nothing to do with the migration', () => {
    it('a lock that somebody kept sets no tenant aside', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(['a', 'c']);
      await place.file('0002_title.sql', 'alter table job add title text;');
      const reader = new pg.Client({ connectionString: place.url });
      await reader.connect();
      await reader.query('begin; lock table a.job');
      const error = await failure(place.schemas(['a', 'c'], { lockPatienceMillis: 50, maxFailures: 1 }));
      expect(error.result).toMatchObject({ migrated: 1, failed: [{ tenant: 'a' }] });
      await reader.query('rollback');
      await reader.end();
      expect(await place.schemas(['a', 'c'])).toMatchObject({ migrated: 1, quarantined: [] });
    });

    it('a database whose transactions are serializable, and whose statements have a time limit, is migrated', async () => {
      const name = new URL(place.url).pathname.slice(1);
      await place.client.query(
        `alter database ${name} set default_transaction_isolation to serializable; alter database ${name} set statement_timeout to '100ms'`,
      );
      await place.file(
        '0001_job.sql',
        "create table job as select current_setting('transaction_isolation') as level; select pg_sleep(0.3);",
      );
      expect(await place.schemas(['t1', 't2', 't3', 't4', 't5', 't6'])).toMatchObject({ migrated: 6 });
      expect(await place.rows('select level from t1.job')).toEqual([{ level: 'read committed' }]);
    });
  });

  describe('a migration that was corrected because it failed for some', () => {
    it('is accepted for those that have it, on demand', async () => {
      await place.client.query('create schema a; create table a.place (id int)');
      await place.file('0001_place.sql', 'create table place (id int);');
      const run = (options = {}) => place.schemas(['a', 'c'], { maxFailures: 1, ...options });
      await failure(run());
      await place.file('0001_place.sql', 'create table if not exists place (id int);');
      expect((await failure(run())).message).toContain('acceptEdited');
      expect(await run({ acceptEdited: ['0001_place.sql'] })).toMatchObject({ failed: [] });
      expect(await run()).toMatchObject({ current: 2 });
    });

    it('goes on where it stopped when a step outside of transactions failed', async () => {
      await place.file('0001_job.sql', 'create table jobs (id int); create index concurrently jobs_id on jobs (idd);');
      const run = (options = {}) => migrate({ connection: place.url, directory: place.directory, ...options });
      expect((await failure(run())).message).toContain('what stands before it in the file was');
      await place.file('0001_job.sql', 'create table jobs (id int); create index concurrently jobs_id on jobs (id);');
      expect(await failure(run())).toMatchObject({ code: 'migration_edited' });
      expect(await run({ acceptEdited: ['0001_job.sql'] })).toMatchObject({ applied: ['0001_job.sql'] });
    });
  });

  it('a dry run leaves nothing behind, and its SQL can be run', async () => {
    await place.file(
      '0001_job.sql',
      'create table jobs (id int); create index concurrently jobs_id on jobs (id); alter table jobs add x int;',
    );
    const { planned } = await place.schemas(['a'], { dryRun: true });
    expect(await place.rows(`select to_regclass('public.tenancy_migrations') as ledger`)).toEqual([{ ledger: null }]);
    expect(planned[0]?.sql).toContain('create index concurrently');
  });

  it('ten thousand statements are read in their own time, and not in its square', async () => {
    const statements = Array.from(
      { length: 10_000 },
      (_, id) => `insert into many values (${id}, '${'x'.repeat(60)}');`,
    );
    await place.file('0001_many.sql', `create table many (id int, t text);\n${statements.join('\n')}`);
    await migrate({ connection: place.url, directory: place.directory });
    expect(await place.rows('select count(*)::int as n from many')).toEqual([{ n: 10_000 }]);
  });

  it.each([
    ['batch', 0],
    ['batch', 11],
    ['canary', {}],
    ['canary', { tenants: 0 }],
    ['canary', { tenants: ['a'], pauseMillis: -1 }],
    ['dryRun', 'yes'],
    ['onlyFailed', 1],
    ['signal', {}],
    ['acceptEdited', 'x'],
  ])('the option %s as %j is refused by name', async (option, value) => {
    await place.file('0001_job.sql', 'create table jobs (id int);');
    await expect(place.schemas(['a'], { [option]: value })).rejects.toThrow(
      /floor_misconfigured: migrate: the option `\S*/,
    );
  });

  it.each([
    null,
    [],
    [{ name: 'a', sql: 5 }],
    [{ name: '', sql: 'select 1' }],
    [{ name: 'a' }],
    [{ name: 'a', sql: '', run() {} }],
  ])('a source that answers %j is refused', async (answer) => {
    const error = await failure(migrate({ connection: place.url, migrations: { read: async () => answer as never } }));
    expect(['migrations_not_found', 'migration_refused']).toContain(error.code);
  });
});
