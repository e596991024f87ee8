import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createDatabase, type TestDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isMigrationError, migrate } from '../../src/migrations.js';
import { servers } from '../database/servers.js';

describe.each(servers)('migrate $title', ({ url }) => {
  let database: TestDatabase;
  let directory: string;
  let client: pg.Client;

  beforeEach(async () => {
    [database, directory] = await Promise.all([createDatabase(url), mkdtemp(join(tmpdir(), 'tenancy-migrations-'))]);
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await Promise.all([database.stop(), rm(directory, { recursive: true })]);
  });

  const file = (name: string, sql: string) => writeFile(join(directory, name), sql);
  const run = () => migrate({ connection: database.url, directory });
  const ledger = async () =>
    (await client.query('select name, checksum, applied_at from public.tenancy_migrations order by name')).rows;
  const exists = async (table: string) =>
    (await client.query('select to_regclass($1) is not null as found', [table])).rows[0].found as boolean;
  const failure = async () =>
    run().then(
      () => expect.unreachable('migrate succeeded'),
      (error: Error) => error,
    );

  it('applies the files in name order, once', async () => {
    await file('0002_add_title.sql', 'alter table job add title text;');
    await file('0001_create_job.sql', 'create table job (id int);');
    await file('notes.txt', 'not a migration');
    expect(await run()).toMatchObject({ applied: ['0001_create_job.sql', '0002_add_title.sql'] });
    expect(await run()).toMatchObject({ applied: [] });
    await file('0003_add_place.sql', 'alter table job add place text;');
    expect(
      await migrate({ connection: { connectionString: database.url }, directory: pathToFileURL(directory) }),
    ).toMatchObject({
      applied: ['0003_add_place.sql'],
    });
    await client.query('select id, title, place from job');
  });

  it('writes each file down with its SHA-256 and the time', async () => {
    await file('0001_one.sql', 'select 1;\n');
    const before = new Date(Date.now() - 60_000);
    await run();
    expect(await ledger()).toEqual([
      {
        name: '0001_one.sql',
        // printf 'select 1;\n' | sha256sum
        checksum: '4a45092ccf992ea92250053a80b931b787924ba61648f420555511b84f10ab6c',
        applied_at: expect.any(Date),
      },
    ]);
    expect((await ledger())[0].applied_at > before).toBe(true);
  });

  it('rolls a failing file back whole, keeps those before it, and says where it failed', async () => {
    await file('0001_job.sql', 'create table job (id int);');
    await file('0002_broken.sql', 'create table note (id int);\n\ninsert into nowhere values (1);');
    const error = await failure();
    expect(isMigrationError(error, 'migration_failed')).toBe(true);
    expect(error.message).toMatch(/0002_broken\.sql, line 3: relation "nowhere" does not exist/);
    expect((error.cause as { code: string }).code).toBe('42P01');
    expect([await exists('job'), await exists('note')]).toEqual([true, false]);
    await file('0002_broken.sql', 'create table note (id int);');
    expect(await run()).toMatchObject({ applied: ['0002_broken.sql'] });
  });

  it('refuses an edited file, and applies nothing', async () => {
    await file('0001_job.sql', 'create table job (id int);');
    await run();
    await file('0001_job.sql', 'create table job (id bigint);');
    await file('0002_note.sql', 'create table note (id int);');
    const error = await failure();
    expect(isMigrationError(error, 'migration_edited')).toBe(true);
    expect(error.message).toContain('0001_job.sql was changed after it was applied');
    expect(await exists('note')).toBe(false);
  });

  it('does not take other line ends for an edit', async () => {
    await file('0001_job.sql', 'create table job (\n  id int\n);\n');
    await run();
    await file('0001_job.sql', '\uFEFFcreate table job (\r\n  id int\r\n);\r\n');
    expect(await run()).toMatchObject({ applied: [] });
  });

  it('refuses when an applied file is gone', async () => {
    await file('0001_job.sql', 'create table job (id int);');
    await run();
    await rm(join(directory, '0001_job.sql'));
    await file('0002_note.sql', 'create table note (id int);');
    const error = await failure();
    expect(isMigrationError(error, 'migration_removed')).toBe(true);
    expect(error.message).toContain('0001_job.sql');
    expect(await exists('note')).toBe(false);
  });

  it('refuses a new file that comes before an applied one', async () => {
    await file('2_job.sql', 'create table job (id int);');
    await run();
    await file('10_note.sql', 'create table note (id int);');
    const error = await failure();
    expect(isMigrationError(error, 'migration_out_of_order')).toBe(true);
    expect(error.message).toMatch(/10_note\.sql is new, but comes before 2_job\.sql.*same width/);
    expect(await exists('note')).toBe(false);
  });

  it('refuses a directory without migrations, and one that does not exist', async () => {
    expect(isMigrationError(await failure(), 'migrations_not_found')).toBe(true);
    const error = await migrate({ connection: database.url, directory: join(directory, 'nowhere') }).catch((e) => e);
    expect(isMigrationError(error, 'migrations_not_found')).toBe(true);
    expect(error.message).toContain(join(directory, 'nowhere'));
  });

  it.each(['commit;', 'rollback;', 'commit; begin;'])('refuses a file that ends its transaction: %s', async (end) => {
    await file('0001_job.sql', `create table job (id int); ${end}`);
    const error = await failure();
    expect(isMigrationError(error, 'migration_left_transaction')).toBe(true);
    expect(error.message).toContain('0001_job.sql');
    expect((await exists('public.tenancy_migrations')) ? await ledger() : []).toEqual([]);
  });

  it.each(['commit', 'commit; begin'])(
    'does not say of code that failed after %s that nothing was applied',
    async (end) => {
      const code = {
        name: '0001_job',
        run: async (client: { query(sql: string): Promise<unknown> }) => {
          await client.query(`create table job (id int); ${end}`);
          throw new Error('the third step failed');
        },
      };
      const migrations = { read: async () => [code] };
      const error = await migrate({ connection: database.url, migrations }).catch((e) => e);
      expect(isMigrationError(error, 'migration_left_transaction')).toBe(true);
      expect(error.cause).toMatchObject({ message: 'the third step failed' });
      expect(await exists('job')).toBe(true);
    },
  );

  it('keeps what a file sets for its session from the next file', async () => {
    await file('0001_dump.sql', `select set_config('search_path', '', false); set role pg_read_all_data;`);
    await file('0002_job.sql', 'create table job (id int);');
    await run();
    expect(await exists('public.job')).toBe(true);
  });

  it('lets eight starters at once apply each file once', async () => {
    for (let number = 1; number <= 5; number += 1) {
      await file(`000${number}.sql`, `create table t${number} (id int); select pg_sleep(0.02);`);
    }
    const results = await Promise.all(Array.from({ length: 8 }, run));
    expect(results.flatMap(({ applied }) => applied).sort()).toEqual([
      '0001.sql',
      '0002.sql',
      '0003.sql',
      '0004.sql',
      '0005.sql',
    ]);
    expect(await ledger()).toHaveLength(5);
  });

  it('waits for a runner that is in the middle of a file', async () => {
    await file('0001_job.sql', 'create table job (id int);');
    await client.query(`select pg_advisory_lock(hashtextextended('public.tenancy_migrations', 0))`);
    const told: string[] = [];
    const running = migrate({ connection: database.url, directory, onProgress: ({ type }) => told.push(type) });
    while (!told.includes('busy')) await setTimeout(5);
    // O16: it asks, and does not wait in PostgreSQL.
    const waiting = await client.query(`select from pg_locks where locktype = 'advisory' and not granted`);
    expect(waiting.rowCount).toBe(0);
    expect(await exists('job')).toBe(false);
    await client.query('select pg_advisory_unlock_all()');
    expect(await running).toMatchObject({ applied: ['0001_job.sql'] });
  });
});
