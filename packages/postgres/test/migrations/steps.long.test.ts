import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MigrateOptions, migrate } from '../../src/migrations.js';
import { servers } from '../database/servers.js';
import { failure, Workplace } from './workplace.js';

describe.each(servers)('$title', ({ url }) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await Workplace.open(url);
  });
  afterEach(() => place.stop());

  const run = (options: Partial<MigrateOptions> = {}) =>
    migrate({ connection: place.url, directory: place.directory, ...options });
  const ledger = () =>
    place.rows('select name, done, begun, applied_at is not null as applied from tenancy_migrations order by name');
  const indexes = async () =>
    (
      await place.rows<{ name: string }>(
        `select c.relname || case when i.indisvalid then '' else ' (invalid)' end as name from pg_index i
     join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relname !~ 'tenancy_|pkey' order by 1`,
      )
    ).map(({ name }) => name);

  describe('what PostgreSQL takes outside of transactions alone is a step of its own (O19)', () => {
    it('between statements that are one transaction', async () => {
      await place.file('0001_job.sql', 'create table job (id int, title text);');
      await place.file(
        '0002_index.sql',
        `alter table job add place text;
       create index concurrently job_title on job (title);
       alter table job add region text;
       drop index concurrently job_title;
       vacuum job;
       create unique index concurrently if not exists job_place on job (place);
       reindex table concurrently job;`,
      );
      await run();
      expect(await ledger()).toMatchObject([
        { done: 1, applied: true },
        { done: 7, applied: true },
      ]);
      expect(await indexes()).toEqual(['job_place']);
      expect(await place.tables()).toEqual({ public: ['job.id', 'job.title', 'job.place', 'job.region'] });
    });

    it('in the schema of each tenant', async () => {
      await place.file(
        '0001_job.sql',
        'create table job (id int); create index concurrently job_id on job (id); alter table job add x int;',
      );
      expect(await place.schemas(['acme', 'globex', 'initech'])).toMatchObject({ migrated: 3 });
      expect(await place.rows(`select schemaname from pg_indexes where indexname = 'job_id' order by 1`)).toEqual([
        { schemaname: 'acme' },
        { schemaname: 'globex' },
        { schemaname: 'initech' },
      ]);
      expect((await place.tables())['globex']).toEqual(['job.id', 'job.x']);
    });

    it('an index that cannot be made leaves none behind, and what was done before it stays', async () => {
      await place.file('0001_job.sql', 'create table job (id int); insert into job values (1), (1);');
      await place.file(
        '0002_index.sql',
        'alter table job add x int; create unique index concurrently job_id on job (id); alter table job add y int;',
      );
      expect((await failure(run())).message).toMatch(/0002_index\.sql, line 1: could not create unique index/);
      expect(await indexes()).toEqual([]);
      expect(await place.tables()).toEqual({ public: ['job.id', 'job.x'] });
      expect(await ledger()).toMatchObject([{ applied: true }, { done: 1, begun: false, applied: false }]);
      await place.client.query('delete from job');
      await run();
      expect(await indexes()).toEqual(['job_id']);
      expect(await place.tables()).toEqual({ public: ['job.id', 'job.x', 'job.y'] });
    });

    it('O20: an invalid index of an earlier try is dropped first, and IF NOT EXISTS does not take it for the index', async () => {
      await place.client.query('create table job (id int); insert into job values (1), (1)');
      await place.client.query('create unique index concurrently job_id on job (id)').catch(() => {});
      expect(await indexes()).toEqual(['job_id (invalid)']);
      await place.client.query('delete from job');
      await place.file('0001_index.sql', 'create unique index concurrently if not exists job_id on job (id);');
      await run();
      expect(await indexes()).toEqual(['job_id']);
    });

    it('O20: who an index waits for is named', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await run();
      await place.file('0002_index.sql', 'create index concurrently job_id on job (id);');
      const reader = new pg.Client({ connectionString: place.url, application_name: 'a long report' });
      await reader.connect();
      try {
        await reader.query('begin isolation level repeatable read; select count(*) from job');
        const blockers: string[] = [];
        const running = run({ onProgress: (event) => event.type === 'waiting' && blockers.push(...event.blockers) });
        while (blockers.length === 0) await sleep(20);
        expect(blockers[0]).toContain('a long report');
        await reader.query('commit');
        await running;
      } finally {
        await reader.end();
      }
    });

    it('a new value of an enum and its first use are two transactions', async () => {
      await place.file('0001_mood.sql', "create type mood as enum ('glad'); create table job (mood mood);");
      await place.file('0002_sad.sql', "alter type mood add value 'sad';\ninsert into job values ('sad');");
      await place.file('0003_use.sql', "insert into job values ('sad');");
      await run();
      expect(await place.rows('select count(*)::int as sad from job')).toEqual([{ sad: 2 }]);
      await place.file('0004_worse.sql', "alter type mood add value 'sadder'; insert into job values ('saddest');");
      await place.file('0005_last.sql', 'create table last ();');
      expect((await failure(run())).message).toMatch(/0004_worse\.sql, line 1: invalid input value for enum/);
      expect((await ledger()).at(-1)).toMatchObject({ name: '0004_worse.sql', done: 1, applied: false });
    });

    it.each([
      ['an index without a name', 'create table job (id int); create index concurrently on job (id);', 'Name it'],
      ['rows that psql would send', 'copy job from stdin;', 'INSERT'],
      ['a database', 'create database other;', 'outside of the migrations'],
      ['a setting of the server', "alter system set work_mem = '1GB';", 'outside of the migrations'],
    ])('%s is refused before anything is sent', async (_, sql, fix) => {
      await place.file('0001_refused.sql', sql);
      const error = await failure(run());
      expect(error.code).toBe('migration_refused');
      expect(error.message).toContain(fix);
      expect(await place.tables()).toEqual({});
    });

    it('a file that PostgreSQL cannot read is named with its line', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.file('0002_psql.sql', 'select 1;\n\\connect other\n');
      const error = await failure(run());
      expect(error.code).toBe('migration_unreadable');
      expect(error.message).toMatch(/0002_psql\.sql, line 2: .*psql/);
      expect(await place.tables()).toEqual({});
    });

    it('what pg_dump writes for psql alone is passed over, and in a text it stays', async () => {
      const dump = `\\restrict aB3xYz9
create table job (id int, note text);
insert into job values (1, '
\\restrict nothing'), (2, $$
\\unrestrict nothing$$); -- it's
\\unrestrict aB3xYz9
`;
      await place.file('0001_dump.sql', dump);
      await run();
      expect(await place.rows('select note from job order by id')).toEqual([
        { note: '\n\\restrict nothing' },
        { note: '\n\\unrestrict nothing' },
      ]);
      await place.file('0002_second.sql', '\\restrict x\nselect 1;\nselect from nowhere;');
      expect((await failure(run())).message).toMatch(/0002_second\.sql, line 3: relation "nowhere"/);
    });

    it.each(['\\connect other', '\\i more.sql', 'select 1 \\gexec', "\\copy job from 'x'", '\\restricted'])(
      'a command of psql is refused by its name: %s',
      async (command) => {
        await place.file('0001_job.sql', `create table job (id int);\n${command}\n`);
        const { code, message } = await failure(run());
        expect(code).toBe('migration_unreadable');
        expect(message).toContain(
          `0001_job.sql, line 2: ${/\\\w+/.exec(command)?.[0]} is a command of psql, and no SQL. `,
        );
        expect(await place.tables()).toEqual({});
      },
    );

    it('a file that takes another back never runs: beside that one it is left out, alone it is refused', async () => {
      await place.file('0001_job.up.sql', 'create table job (id int);');
      await place.file('0001_job.down.sql', 'drop table job;');
      await place.file('0002_note.sql', 'create table note (id int);');
      await place.file('0002_note.down.sql', 'drop table note;');
      expect(await run()).toMatchObject({ applied: ['0001_job.up.sql', '0002_note.sql'] });
      await place.file('0003_break.DOWN.sql', 'create table break (id int);');
      const { code, message } = await failure(run());
      expect([code, message]).toEqual(['migration_refused', expect.stringContaining('0003_break.DOWN.sql')]);
      expect(await place.tables()).toEqual({ public: ['job.id', 'note.id'] });
    });

    it("Prisma's folders are migrations in the order of their names", async () => {
      await place.file('20260102_title/migration.sql', 'alter table job add title text;');
      await place.file('20260101_init/migration.sql', 'create table job (id int);');
      await place.file('migration_lock.toml', 'provider = "postgresql"');
      expect(await run()).toMatchObject({ applied: ['20260101_init', '20260102_title'] });
      await place.file('0001.sql', 'select 1');
      expect((await failure(run())).message).toContain('their order is unknown');
    });
  });

  describe('on a table that is in use', () => {
    it('O22: a change that a reader keeps out makes way, and is tried again', async () => {
      await place.client.query('create table job (id int); insert into job values (1)');
      await place.file('0001_title.sql', 'alter table job add title text;');
      const reader = new pg.Client({ connectionString: place.url });
      await reader.connect();
      let longest = 0;
      let isOver = false;
      try {
        await reader.query('begin; select * from job');
        const running = run().finally(() => {
          isOver = true;
        });
        // The others, who would wait behind the change that waits for the reader.
        const until = Date.now() + 5_000;
        while (Date.now() < until) {
          const start = performance.now();
          await place.client.query('insert into job (id) values (2)');
          longest = Math.max(longest, performance.now() - start);
          await sleep(10);
        }
        expect(isOver).toBe(false);
        await reader.query('commit');
        expect(await running).toMatchObject({ applied: ['0001_title.sql'] });
        // Without a timeout it is as long as the reader takes.
        expect(longest).toBeLessThan(3_000);
      } finally {
        await reader.end();
      }
    });

    it.each([
      ['a change', 'alter table job add title text;', 'lock timeout'],
      ['an index that is made CONCURRENTLY', 'create index concurrently job_id on job (id);', 'user request'],
    ])('a signal ends the wait of %s, with nothing done and nobody set aside', async (_, sql, said) => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(['acme']);
      await place.file('0002_change.sql', sql);
      const reader = new pg.Client({ connectionString: place.url });
      await reader.connect();
      try {
        await reader.query('begin isolation level repeatable read; select * from acme.job');
        const abort = new AbortController();
        const running = failure(place.schemas(['acme'], { signal: abort.signal }));
        await sleep(700);
        const asked = Date.now();
        abort.abort();
        const { result } = await running;
        expect(Date.now() - asked).toBeLessThan(4_000);
        expect(result?.failed).toMatchObject([{ tenant: 'acme', message: expect.stringContaining(said) }]);
        await reader.query('commit');
        expect(await place.schemas(['acme'])).toMatchObject({ migrated: 1, quarantined: [] });
      } finally {
        await reader.end();
      }
    });

    it('O29: a change that PostgreSQL ends, as each waits for the other, is tried again', async () => {
      await place.client.query('create table first (id int); create table second (id int)');
      await place.file('0001_both.sql', 'alter table second add x int; alter table first add x int;');
      const writer = new pg.Client({ connectionString: place.url });
      await writer.connect();
      try {
        // Whoever looks for a deadlock ends it with a failure of its own: on a busy machine that might be the writer.
        await writer.query(`set deadlock_timeout = '10min'; begin; insert into first values (1)`);
        // It waits for longer than PostgreSQL lets two wait for each other.
        const running = run({ lockTimeoutMillis: 20_000 });
        const waiting = () =>
          place.rows(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`);
        while ((await waiting()).length === 0) await sleep(20);
        await writer.query('insert into second values (1); commit');
        expect(await running).toMatchObject({ applied: ['0001_both.sql'] });
      } finally {
        await writer.end();
      }
    });

    it('O22: what gets no lock in time is given up, with nothing done', async () => {
      await place.client.query('create table job (id int)');
      await place.file('0001_title.sql', 'alter table job add title text;');
      await place.client.query('begin; select * from job');
      const error = await failure(run({ lockPatienceMillis: 300, lockTimeoutMillis: 20 }));
      await place.client.query('commit');
      expect(error.message).toContain('lock timeout');
      expect(await place.tables()).toEqual({ public: ['job.id'] });
      expect(await run()).toMatchObject({ applied: ['0001_title.sql'] });
    });
  });
});
