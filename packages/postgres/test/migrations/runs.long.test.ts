import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  eachDatabase,
  type MigrateOptions,
  type MigrationProgress,
  migrate,
  migrationStatus,
} from '../../src/migrations.js';
import { servers } from '../database/servers.js';
import { program, startPgBouncer, title } from '../pgbouncer/pgbouncer.js';
import { failure, Workplace } from './workplace.js';

describe.each(servers)('$title', ({ url }) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await Workplace.open(url);
  });
  afterEach(() => place.stop());

  const run = (options: Partial<MigrateOptions> = {}) =>
    migrate({ connection: place.url, directory: place.directory, ...options });

  describe('a run that is killed with -9', () => {
    /** Points at which a run is killed; KILLED_RUNS asks for more of them. */
    const POINTS = Number(process.env['KILLED_RUNS'] ?? 15);
    const tenants = ['t0', 't1', 't2', 't3', 't4', 't5'];

    it(`is finished by the next one, ${POINTS} times at random points: nothing is twice, half or left (O15, O18, O19)`, async () => {
      const expected = {
        columns: ['first.id', 'first.n', 'first.x', 'first.y', 'seen.n'],
        indexes: ['first_pkey', 'first_x'],
      };
      for (let point = 0; point < POINTS; point += 1) {
        await place.client.query(
          `drop table if exists public.tenancy_migrations; ${tenants.map((tenant) => `drop schema if exists ${tenant} cascade;`).join(' ')}`,
        );
        await place.file(
          '0001_first.sql',
          'create table first (id int primary key, n int); insert into first select i, i from generate_series(1, 3000) i; create table seen (n int);',
        );
        await place.file(
          '0002_more.sql',
          `alter table first add x int;
         insert into seen values (2);
         create index concurrently first_x on first (x);
         drop index concurrently if exists first_gone;
         update first set x = n; select pg_sleep(0.02);
         create index concurrently first_later on first (n);
         drop index concurrently first_later;`,
        );
        await place.file('0003_last.sql', 'alter table first add y int; insert into seen values (3);');
        const given = JSON.stringify({ url: place.url, directory: place.directory, tenants });
        const child = spawn(process.execPath, [join(import.meta.dirname, 'killed.mjs'), given], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const over = once(child, 'exit');
        await Promise.race([once(child.stdout, 'data'), over]);
        expect(child.exitCode).toBe(null);
        await Promise.race([sleep(Math.random() * 900), over]);
        child.kill('SIGKILL');
        await over;
        await place.schemas(tenants);
        for (const tenant of tenants) {
          const columns = (await place.tables())[tenant];
          const indexes = await place.rows<{ name: string; valid: boolean }>(
            `select c.relname as name, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid
           where c.relnamespace = '${tenant}'::regnamespace order by 1`,
          );
          expect(columns).toEqual(expected.columns);
          expect(indexes).toEqual(expected.indexes.map((name) => ({ name, valid: true })));
          expect(await place.rows(`select n from ${tenant}.seen order by n`)).toEqual([{ n: 2 }, { n: 3 }]);
          expect(await place.rows(`select count(*)::int as n, count(x)::int as x from ${tenant}.first`)).toEqual([
            { n: 3000, x: 3000 },
          ]);
        }
        const left = await place.rows(
          `select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
        );
        expect(left).toEqual([]);
        expect(
          await place.rows('select from tenancy_migrations where applied_at is null or begun or failure is not null'),
        ).toEqual([]);
      }
    });

    it('O15: what it has left at work on the server is over before the next one reads the ledger', async () => {
      await place.file('0001_slow.sql', 'create table slow (id int); select pg_sleep(1.5);');
      const orphan = new pg.Client({ connectionString: place.url, application_name: 'tenancy migrate 0123456789ab' });
      orphan.on('error', () => {});
      await orphan.connect();
      // It is at work until the next one has seen it.
      await place.rows('select pg_advisory_lock(4711)');
      const left = orphan.query(`begin; create table slow (id int); select pg_advisory_xact_lock(4711); commit`);
      const told: string[] = [];
      const running = failure(run({ onProgress: (event) => void told.push(event.type) }));
      while (!told.includes('orphan')) await sleep(10);
      await place.rows('select pg_advisory_unlock(4711)');
      await left;
      // It has committed what no ledger knows, so PostgreSQL says so: and not while it was at it.
      expect((await running).message).toContain('already exists');
      expect(told).toContain('orphan');
      await orphan.end();
    });
  });

  describe('two runs at once', () => {
    it('follow each other, or the second is refused at once', async () => {
      await place.file('0001_slow.sql', 'create table slow (id int); select pg_sleep(0.5);');
      const first = run();
      await sleep(150);
      expect(await failure(run({ busyTimeoutMillis: 0 }))).toMatchObject({ code: 'migration_busy' });
      expect(await Promise.all([first, run()])).toMatchObject([{ applied: ['0001_slow.sql'] }, { applied: [] }]);
    });
  });

  it('O15: what a killed run has left at work is ended where it does not end by itself', async () => {
    await place.file('0001_job.sql', 'create table job (id int);');
    const orphan = new pg.Client({ connectionString: place.url, application_name: 'tenancy migrate 0123456789ab' });
    orphan.on('error', () => {});
    await orphan.connect();
    const left = orphan.query('create table left_over (id int); select pg_sleep(120)').catch((error: Error) => error);
    const isAtWork = `select from pg_stat_activity where application_name = 'tenancy migrate 0123456789ab' and state = 'active'`;
    await vi.waitUntil(async () => (await place.client.query(isAtWork)).rowCount === 1);
    expect(await run()).toMatchObject({ applied: ['0001_job.sql'] });
    expect(await left).toMatchObject({ message: expect.stringContaining('terminat') });
    expect(await place.tables()).toEqual({ public: ['job.id'] });
  });

  it('a signal ends the wait for another run', async () => {
    await place.file('0001_slow.sql', 'create table slow (id int); select pg_sleep(3);');
    const first = run();
    await sleep(300);
    const abort = new AbortController();
    const second = failure(run({ signal: abort.signal }));
    await sleep(300);
    const asked = Date.now();
    abort.abort();
    expect(await second).toMatchObject({ code: 'migration_busy' });
    expect(Date.now() - asked).toBeLessThan(1_500);
    await first;
  });

  it('O16: a second run that waits is not waited for by an index that the first one makes CONCURRENTLY', async () => {
    await place.file('0001_slow.sql', 'create table job (id int); select pg_sleep(1);');
    await place.file('0002_index.sql', 'create index concurrently job_id on job (id);');
    const told: string[] = [];
    const first = run();
    await sleep(300);
    const second = run({ onProgress: ({ type }) => void told.push(type) });
    const both = await Promise.race([Promise.all([first, second]), sleep(30_000)]);
    expect(both).toMatchObject([{ applied: ['0001_slow.sql', '0002_index.sql'] }, { applied: [] }]);
    expect(told).toContain('busy');
  });

  it('is ended by a signal when the work under way is done, with the others as they were', async () => {
    await place.file('0001_job.sql', 'create table job (id int);');
    const abort = new AbortController();
    const { result } = await failure(
      place.schemas(['t1', 't2', 't3'], {
        ...{ workers: 1, signal: abort.signal },
        onProgress: ({ type }) => type === 'target' && abort.abort(),
      }),
    );
    expect(result).toMatchObject({ migrated: 1, failed: [], stopped: 'as it was asked to' });
    expect(Object.keys(await place.tables())).toEqual(['t1']);
  });

  describe('policies are part of the run', () => {
    const policies = {
      role: `tenancy_app_${process.pid}`,
      schemas: ['public'],
      tables: [{ name: 'company', tenantColumn: 'id' }],
    };
    afterEach(async () => {
      await place.client.query(`drop owned by ${policies.role}; drop role if exists ${policies.role}`).catch(() => {});
    });

    it('O14: a table is never seen without its own, and one that is nobody`s is taken back', async () => {
      await place.file(
        '0001_job.sql',
        "create table company (id text primary key); create table job (tenant_id text not null, id int, primary key (tenant_id, id)); insert into job values ('a', 1), ('b', 1);",
      );
      await run({ policies });
      const seen = async (table: string) => {
        await place.client.query(`set role ${policies.role}; set app.tenant_id = 'a'`);
        const rows = await place.rows(`select * from ${table}`);
        await place.client.query('reset role; reset app.tenant_id');
        return rows;
      };
      expect(await seen('job')).toEqual([{ tenant_id: 'a', id: 1 }]);
      await place.file(
        '0002_note.sql',
        "create table note (tenant_id text not null, id int); insert into note values ('a', 1), ('b', 2);",
      );
      await run({ policies });
      expect(await seen('note')).toEqual([{ tenant_id: 'a', id: 1 }]);
      await place.file('0003_open.sql', 'create table open (id int);');
      const error = await failure(run({ policies }));
      expect(error.message).toContain('open');
      expect(Object.values(await place.tables()).flat()).not.toContain('open.id');
    });

    it('a dry run shows them where the migrations keep the tables as they are, and else says that they follow', async () => {
      await place.file(
        '0001_job.sql',
        'create table company (id text primary key); create table job (tenant_id text not null, id int);',
      );
      const plan = async () => (await run({ policies, dryRun: true })).planned[0]?.sql ?? '';
      expect(await plan()).toContain('-- the policies of the tables as they are then are compiled here');
      expect(await plan()).not.toMatch(/create policy/i);
      await place.client.query((await run({ dryRun: true })).planned[0]?.sql ?? '');
      await place.file('0002_rows.sql', "insert into company values ('a');");
      const sql = await plan();
      expect(sql).toMatch(/create policy/i);
      expect(await place.rows('select from pg_policy')).toEqual([]);
      // It is what would be sent.
      await place.client.query(sql);
      expect((await place.rows('select from pg_policy')).length).toBeGreaterThan(0);
      expect(await run({ policies })).toMatchObject({ applied: [] });
    });
  });

  describe('a database for each tenant', () => {
    it('is brought up to date, several at a time, and one that is not there spoils no other (O6)', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      const names = ['x', 'y', 'z'].map((name) => `${new URL(place.url).pathname.slice(1)}_${name}`);
      for (const name of names.slice(0, 2)) await place.client.query(`create database ${name}`);
      const targets = eachDatabase({
        tenants: names.map((id) => ({ id, slug: id })),
        connection: ({ id }) => Object.assign(new URL(place.url), { pathname: id }).href,
      });
      try {
        const options = { directory: place.directory, targets };
        const told: MigrationProgress[] = [];
        const error = await failure(migrate({ ...options, maxFailures: 1, onProgress: (event) => told.push(event) }));
        expect(error.result).toMatchObject({ migrated: 2, failed: [{ tenant: names[2] }] });
        expect(told[0]).toEqual({ type: 'planned', targets: 3, behind: null });
        expect(told.filter(({ type }) => type === 'target')).toHaveLength(3);
        expect(told).toContainEqual({
          ...{ type: 'target', target: names[2], outcome: 'failed', done: expect.any(Number), of: 3 },
          message: error.result?.failed[0]?.message,
        });
        expect(error.result?.failed[0]?.message).toContain('target_unreachable');
        expect(await migrationStatus(options)).toMatchObject({
          targets: 3,
          current: 2,
          behind: [{ tenant: names[2] }],
        });
        const missing = names.map((name) => ({ id: `${name}_no`, slug: name }));
        const none = eachDatabase({
          tenants: missing,
          connection: ({ id }) => Object.assign(new URL(place.url), { pathname: id }).href,
        });
        const share = await failure(
          migrate({ directory: place.directory, targets: none, workers: 1, maxFailures: 0.4 }),
        );
        expect(share.result).toMatchObject({ failed: [{}, {}], stopped: 'after 2 failures' });
        await place.client.query(`create database ${names[2]}`);
        expect(await migrate(options)).toMatchObject({ migrated: 1, current: 2 });
      } finally {
        for (const name of names) await place.client.query(`drop database if exists ${name} with (force)`);
      }
    });
  });

  describe.skipIf(!program)(`O17: ${title}`, () => {
    it.each([
      ['transaction', []],
      ['session', []],
      // One that takes the settings of the start of a session, and passes them on to nobody.
      ['transaction', ['ignore_startup_parameters = options']],
    ] as const)('in %s mode it is noticed, and nothing is done: %j', async (mode, more) => {
      await place.file('0001_job.sql', 'create table job (id int);');
      const bouncer = await startPgBouncer(place.url, mode, 2, more);
      try {
        expect(await failure(run({ connection: bouncer.url }))).toMatchObject({ code: 'migration_pooled' });
        expect(await place.tables()).toEqual({});
      } finally {
        await bouncer.stop();
      }
    });
  });
});
