import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eachSchema, migrationStatus, verifyMigrations } from '../../src/migrations.js';
import { servers } from '../database/servers.js';
import { failure, Workplace } from './workplace.js';

describe.each(servers)('$title', ({ url }) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await Workplace.open(url);
  });
  afterEach(() => place.stop());

  const status = (tenants: readonly string[]) => migrationStatus(of(tenants));
  const of = (tenants: readonly string[]) => ({
    connection: place.url,
    directory: place.directory,
    targets: eachSchema({ tenants: tenants.map((id) => ({ id, slug: id })), name: ({ id }: { id: string }) => id }),
  });

  describe('a schema for each tenant', () => {
    it('is made and brought up to date, each once, with one ledger for all', async () => {
      await place.file('0001_job.sql', 'create table job (id int primary key);\ncreate index on job (id);');
      await place.file('0002_title.sql', 'alter table job add title text;');
      expect(await place.schemas(['acme', 'globex'])).toMatchObject({
        applied: ['0001_job.sql', '0002_title.sql'],
        ...{ migrated: 2, current: 0, failed: [], quarantined: [], stopped: null },
      });
      expect(await place.tables()).toEqual({ acme: ['job.id', 'job.title'], globex: ['job.id', 'job.title'] });
      expect(await place.schemas(['acme', 'globex', 'initech'])).toMatchObject({ migrated: 1, current: 2 });
      await place.file('0003_place.sql', 'alter table job add place text;');
      expect(await place.schemas(['acme', 'globex', 'initech'])).toMatchObject({
        applied: ['0003_place.sql'],
        migrated: 3,
      });
      expect(
        await place.rows('select target, name, done, applied_at is not null as applied from tenancy_migrations'),
      ).toHaveLength(9);
    });

    it('opens each schema to the role of the application, and to no other', async () => {
      await place.client.query('create role reader_of_schemas');
      await place.file(
        '0001_job.sql',
        'create table job (id serial primary key); create function f() returns int language sql as $$ select 1 $$;',
      );
      try {
        await place.schemas(['acme'], {}, { role: 'reader_of_schemas' });
        await place.file('0002_note.sql', 'create table note (id serial primary key);');
        await place.schemas(['acme'], {}, { role: 'reader_of_schemas' });
        await place.client.query('set role reader_of_schemas');
        await place.client.query(
          'insert into acme.job default values; insert into acme.note default values; select acme.f()',
        );
        await expect(place.client.query('select * from public.tenancy_migrations')).rejects.toThrow(
          'permission denied',
        );
        await expect(place.client.query('create table acme.mine ()')).rejects.toThrow('permission denied');
        await place.client.query('reset role');
      } finally {
        await place.client.query('reset role; drop owned by reader_of_schemas; drop role reader_of_schemas');
      }
    });

    it('is brought up to date in batches, of which one bad tenant spoils none (O3, O4)', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      const tenants = Array.from({ length: 24 }, (_, index) => `t${index}`);
      await place.schemas(tenants, { batch: 10 });
      await place.client.query('create table t7.note (id int)');
      await place.file('0002_note.sql', 'create table note (id int);');
      const error = await failure(place.schemas(tenants, { batch: 10, maxFailures: 1 }));
      expect(error).toMatchObject({
        code: 'targets_failed',
        result: { migrated: 23, failed: [{ tenant: 't7' }], stopped: null },
      });
      expect(error.result?.failed[0]?.message).toContain('0002_note.sql, line 1: relation "note" already exists');
      expect(await status(tenants)).toMatchObject({
        current: 23,
        behind: [{ tenant: 't7', pending: ['0002_note.sql'] }],
      });
    });

    it('is set aside when it failed, and tried again on demand or when the migration has changed', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(['acme', 'globex', 'initech']);
      await place.client.query('create table globex.note (id int)');
      await place.file('0002_note.sql', 'create table note (id int);');
      const run = (options = {}) => place.schemas(['acme', 'globex', 'initech'], { maxFailures: 1, ...options });
      expect((await failure(run())).result).toMatchObject({ migrated: 2, failed: [{ tenant: 'globex' }] });
      expect((await failure(run())).result).toMatchObject({
        migrated: 0,
        failed: [],
        quarantined: [{ tenant: 'globex' }],
      });
      expect((await failure(verifyMigrations(of(['acme', 'globex'])))).code).toBe('migrations_pending');
      expect(await verifyMigrations({ ...of(['acme', 'globex']), allowFailed: true })).toMatchObject({ current: 1 });
      const withNew = place.schemas(['acme', 'globex', 'initech', 'hooli'], { maxFailures: 1, onlyFailed: true });
      expect((await failure(withNew)).result).toMatchObject({ migrated: 0, failed: [{ tenant: 'globex' }] });
      expect((await failure(run({ tenants: ['globex'] }))).result).toMatchObject({ failed: [{ tenant: 'globex' }] });
      await place.client.query('drop table globex.note');
      expect(await run({ onlyFailed: true })).toMatchObject({ migrated: 1, quarantined: [] });
      await place.client.query('create table acme.place (id int)');
      await place.file('0003_place.sql', 'create table place (id int);');
      await failure(run({ canary: { tenants: ['acme'] } }));
      await place.file('0003_place.sql', 'create table if not exists place (id int);');
      expect(await run()).toMatchObject({ migrated: 3 });
    });

    it('stops at a share of failures, and at a canary that fails', async () => {
      const tenants = Array.from({ length: 20 }, (_, index) => `t${index}`);
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(tenants);
      for (const tenant of tenants.slice(0, 10)) await place.client.query(`create table ${tenant}.note (id int)`);
      await place.file('0002_note.sql', 'create table note (id int);');
      const canary = await failure(place.schemas(tenants, { canary: { tenants: ['t3'] } }));
      expect(canary.result).toMatchObject({
        migrated: 0,
        failed: [{ tenant: 't3' }],
        stopped: expect.stringContaining('canaries'),
      });
      const unconfirmed = await failure(place.schemas(tenants, { canary: { tenants: ['t19'], confirm: () => false } }));
      expect(unconfirmed.result).toMatchObject({ migrated: 1, stopped: expect.stringContaining('not confirmed') });
      const share = await failure(place.schemas(tenants, { maxFailures: 0.1, workers: 1 }));
      expect(share.result).toMatchObject({ migrated: 0, stopped: 'after 2 failures' });
      expect(share.result?.failed).toHaveLength(2);
    });

    it('of one tenant alone is brought up to date, and of a tenant that is not there none', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      expect(await place.schemas(['acme', 'globex'], { tenants: ['globex'] })).toMatchObject({ migrated: 1 });
      expect(Object.keys(await place.tables())).toEqual(['globex']);
      expect(await failure(place.schemas(['acme'], { tenants: ['nobody'] }))).toMatchObject({ code: 'target_unknown' });
    });

    it('that is gone is lost, and one that nobody has any more is unknown (O5)', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(['acme', 'globex']);
      await place.client.query('drop schema globex cascade');
      const error = await failure(place.schemas(['acme', 'globex']));
      expect(error.result?.failed).toMatchObject([
        { tenant: 'globex', message: expect.stringContaining('target_lost') },
      ]);
      expect(await place.tables()).toEqual({ acme: ['job.id'] });
      expect(await status(['globex'])).toMatchObject({
        behind: [{ problem: expect.stringContaining('gone') }],
        unknown: ['acme'],
      });
    });

    it('that is dropped while a run is on its way to it is lost, and not made again', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(['acme', 'globex']);
      await place.file('0002_note.sql', 'create table note (id int);');
      const confirm = async () => {
        await place.client.query('drop schema globex cascade');
        return true;
      };
      const error = await failure(place.schemas(['acme', 'globex'], { canary: { tenants: ['acme'], confirm } }));
      expect(error.result?.failed).toMatchObject([
        { tenant: 'globex', message: expect.stringContaining('target_lost') },
      ]);
      expect(await place.tables()).toEqual({ acme: ['job.id', 'note.id'] });
    });

    it('that was dropped and made anew is lost, however much is in it, until somebody says what it is', async () => {
      const tenants = ['acme', "o'neil"];
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(tenants);
      await place.client.query(`drop schema "o'neil" cascade; create schema "o'neil"`);
      for (const more of ['select 1', `create table "o'neil".job (id int)`]) {
        await place.client.query(more);
        const { result } = await failure(place.schemas(tenants));
        expect(result).toMatchObject({ current: 1, failed: [{ tenant: "o'neil" }] });
        expect(result?.failed[0]?.message).toMatch(/^target_lost: .*dropped and made anew/);
        expect((await status(tenants)).behind).toMatchObject([{ problem: expect.stringMatching(/^target_lost: /) }]);
        expect(await failure(verifyMigrations(of(tenants)))).toMatchObject({ code: 'migrations_pending' });
      }
      const [, accepted, anew] =
        /\((`update .*`)\), .*\((`delete .*`)\)/.exec((await status(tenants)).behind[0]?.problem ?? '') ?? [];
      await place.client.query(accepted?.replaceAll('`', '') ?? '');
      expect(await status(tenants)).toMatchObject({ current: 2 });
      await place.file('0002_title.sql', 'alter table job add title text;');
      await place.schemas(tenants);
      await place.client.query(`drop schema "o'neil" cascade; create schema "o'neil"`);
      expect(await status(tenants)).toMatchObject({ current: 1 });
      await place.client.query(anew?.replaceAll('`', '') ?? '');
      expect(await place.schemas(tenants)).toMatchObject({ migrated: 1, current: 1 });
      expect((await place.tables())["o'neil"]).toEqual(['job.id', 'job.title']);
    });

    it('of a database that was restored is none that is lost, nor is one of another name in between', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(['acme']);
      await place.client.query(
        'alter schema acme rename to other; alter schema other rename to acme; grant usage on schema acme to public',
      );
      expect(await status(['acme'])).toMatchObject({ current: 1 });
      // As pg_restore and pg_upgrade leave it: every oid is another one, that of the ledger's key as well.
      await place.client.query(`alter table tenancy_migrations drop constraint tenancy_migrations_pkey, add primary key (target, name);
        drop schema acme cascade; create schema acme; create table acme.job (id int)`);
      expect(await status(['acme'])).toMatchObject({ current: 1 });
      expect(await place.schemas(['acme'])).toMatchObject({ current: 1 });
    });

    it('O8: no server process sees more than some hundreds of them', async () => {
      await place.file('0001_job.sql', 'create table job as select pg_backend_pid() as pid;');
      const tenants = Array.from({ length: 260 }, (_, index) => `t${index}`);
      await place.schemas(tenants, { workers: 1 });
      const pids = await place.rows(tenants.map((tenant) => `select pid from ${tenant}.job`).join(' union '));
      expect(pids).toHaveLength(2);
    });

    it('is told as SQL in a dry run, of which nothing is sent', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      const { planned } = await place.schemas(['acme', 'globex'], { dryRun: true });
      expect(planned.map(({ tenant, migrations }) => [tenant, migrations])).toEqual([
        ['acme', ['0001_job.sql']],
        ['globex', ['0001_job.sql']],
      ]);
      expect(await place.tables()).toEqual({});
      // It is what would be sent.
      await place.client.query(planned[0]?.sql ?? '');
      expect(await place.tables()).toEqual({ acme: ['job.id'] });
      expect(await status(['acme'])).toMatchObject({ current: 1 });
    });
  });

  describe('a migration of a tenant leaves no trace outside of its schema', () => {
    it.each([
      ['O9: a table of another schema', 'alter table public.job add x int;', 'public'],
      ['O9: a type of another schema', 'create table job (kind public.kind);', 'public'],
      ['O9: a view of another schema', 'create view v as select * from globex.job;', 'globex'],
      ['O9: a foreign key', 'create table note (job int references public.job (id));', 'public'],
      ['O9: a drop', 'drop table if exists globex.job;', 'globex'],
      ['O9: a comment on a column', "comment on column public.job.id is 'x';", 'public'],
      ['O9: rights', 'grant usage on schema public to public;', 'whole database'],
      ['O9: default rights', 'alter default privileges in schema public grant select on tables to public;', 'public'],
      ['O32: a sequence by its text', "create table note (id int default nextval('public.s'));", 'public'],
      ['O9: a cast of a name', "select 'public.job'::regclass;", 'public'],
      ['O10: an enum as TypeORM writes it', `create type "public"."kind" as enum ('a');`, 'public'],
      ['O10: the schema as Prisma writes it', 'create schema if not exists "public";', 'whole database'],
      ['O11: an extension', 'create extension citext;', 'whole database'],
      ['O9: the search path', 'set search_path to public;', 'search path'],
      ['O9: the search path by a function', "select set_config('search_path', 'public', true);", 'search path'],
      ['O9: the role', 'set role postgres;', 'role'],
      ['O9: another schema for a table', 'create table job (); alter table job set schema public;', 'whole database'],
    ])('%s is refused before anything is sent', async (_, sql, named) => {
      await place.file('0001_first.sql', 'create table first (id int);');
      await place.file('0002_leaves.sql', sql);
      const error = await failure(place.schemas(['acme']));
      expect(error.code).toBe('migration_refused');
      expect(error.message).toMatch(/0002_leaves\.sql, line 1/);
      expect(error.message).toContain(named);
      expect(await place.tables()).toEqual({});
    });

    it('O9: a table that the tenant does not have is missing, and is not found in public', async () => {
      await place.client.query('create table public.users (id int)');
      await place.file('0001_users.sql', 'alter table users add secret text;');
      const error = await failure(place.schemas(['acme']));
      expect(error.result?.failed[0]?.message).toContain('relation "users" does not exist');
      expect(await place.tables()).toEqual({ public: ['users.id'] });
    });

    it.each([
      ['a table', 'create table public.planted (id int)'],
      ['a column', 'alter table public.job add planted int'],
      ['a default', 'alter table public.job alter id set default 1'],
      ['a function', 'create function public.planted() returns int language sql as $f$ select 1 $f$'],
      ['a schema', 'create schema planted'],
      ['a table inside of a block', 'begin create table public.planted (); exception when others then null; end'],
    ])('O9: code that changes %s elsewhere is taken back', async (_, sql) => {
      await place.client.query('create table public.job (id int)');
      const before = await place.tables();
      await place.file(
        '0001_code.sql',
        `create table mine (id int); do $do$ begin ${sql.startsWith('begin') ? sql : `execute $e$ ${sql} $e$`}; end $do$;`,
      );
      const error = await failure(place.schemas(['acme', 'globex'], { maxFailures: 1 }));
      expect(error.result?.failed.map(({ message }) => message.split(':')[0])).toEqual([
        'migration_left_schema',
        'migration_left_schema',
      ]);
      expect(await place.tables()).toEqual(before);
    });

    it('code that changes its own schema is left alone, while others change theirs', async () => {
      await place.file(
        '0001_code.sql',
        `create table mine (id serial); do $$ begin
      execute 'create table made (id int)'; begin create table caught (id int); exception when others then null; end; end $$;
      insert into mine (id) select nextval('mine_id_seq') from generate_series(1, 3);`,
      );
      const tenants = Array.from({ length: 12 }, (_, index) => `t${index}`);
      expect(await place.schemas(tenants)).toMatchObject({ migrated: 12 });
      expect((await place.tables())['t5']).toEqual(['caught.id', 'made.id', 'mine.id']);
    });

    it('schemas that `shared` names may be used', async () => {
      await place.client.query(
        'create schema common; create table common.country (code text primary key); create extension citext schema common',
      );
      await place.file(
        '0001_job.sql',
        `create table job (id int, country text references common.country (code), name common.citext);
      do $$ begin perform 1; end $$;`,
      );
      expect(await place.schemas(['acme', 'globex'], {}, { shared: ['common'] })).toMatchObject({ migrated: 2 });
      expect((await place.tables())['globex']).toEqual(['job.id', 'job.country', 'job.name']);
    });

    it('O12: names that PostgreSQL would cut off, or that two tenants share, are refused', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      const long = 'x'.repeat(64);
      await expect(place.schemas([`${long}a`, `${long}b`])).rejects.toThrow('tenant_unplaceable');
      await expect(place.schemas(['a', 'b'], {}, { name: () => 'same' })).rejects.toThrow('tenant_unplaceable');
      expect(await place.tables()).toEqual({});
    });
  });
});
