import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MigrateOptions, migrate } from '../../src/migrations.js';
import { servers } from '../database/servers.js';
import { failure, Workplace } from './workplace.js';

describe.each(servers)('what a place does not let a run do has a code and a fix, $title', ({ url }) => {
  let place: Workplace;
  let role: string;
  let limited: string;
  beforeEach(async () => {
    place = await Workplace.open(url);
    role = `limited_${randomBytes(6).toString('hex')}`;
    await place.client.query(`create role ${role} login password 'limited'`);
    limited = Object.assign(new URL(place.url), { username: role, password: 'limited' }).href;
    await place.file('0001_job.sql', 'create table job (id int);');
  });
  afterEach(async () => {
    await place.client.query(`drop owned by ${role} cascade; drop role ${role}`);
    await place.stop();
  });

  const run = (options: Partial<MigrateOptions> = {}) =>
    migrate({ connection: place.url, directory: place.directory, ...options });

  it('no right to make the ledger', async () => {
    await place.client.query('revoke create on schema public from public');
    const error = await failure(run({ connection: limited }));
    expect(error).toMatchObject({ code: 'target_forbidden', message: expect.stringContaining('Grant CREATE') });
    expect(await place.tables()).toEqual({});
  });

  it('no right to make a schema, for which nobody is set aside', async () => {
    await place.client.query(`grant create on schema public to ${role}`);
    const error = await failure(place.schemas(['acme'], { connection: limited }));
    expect(error.result?.failed).toMatchObject([{ message: expect.stringContaining('target_forbidden') }]);
    const { pathname } = new URL(place.url);
    await place.client.query(`grant create on database ${pathname.slice(1)} to ${role}`);
    expect(await place.schemas(['acme'], { connection: limited })).toMatchObject({ migrated: 1 });
  });

  it('no right to one of many targets: the others are brought up to date', async () => {
    const { pathname } = new URL(place.url);
    await place.client.query(
      `grant create on schema public to ${role}; grant create on database ${pathname.slice(1)} to ${role}`,
    );
    await place.schemas(['acme', 'globex', 'initech'], { connection: limited });
    await place.client.query('alter table globex.job owner to current_user');
    await place.file('0002_title.sql', 'alter table job add title text;');
    const { result } = await failure(
      place.schemas(['acme', 'globex', 'initech'], { connection: limited, maxFailures: 1 }),
    );
    expect(result).toMatchObject({ migrated: 2, failed: [{ tenant: 'globex' }] });
    expect(result?.failed[0]?.message).toMatch(
      /migration_failed: 0002_title\.sql, line 1: must be owner.*Grant the right/,
    );
  });

  it('a database that takes no writes', async () => {
    const { pathname } = new URL(place.url);
    await place.client.query(`alter database ${pathname.slice(1)} set default_transaction_read_only = on`);
    expect(await failure(run())).toMatchObject({
      code: 'target_read_only',
      message: expect.stringContaining('primary'),
    });
    expect(await place.tables()).toEqual({});
  });

  it('another table with the name of the ledger', async () => {
    await place.client.query('create table public.tenancy_migrations (id int)');
    expect(await failure(run())).toMatchObject({ code: 'ledger_foreign', message: expect.stringContaining('Rename') });
    expect(await place.tables()).toEqual({});
  });

  it('a text that the encoding of the database does not have', async () => {
    const name = `latin_${randomBytes(6).toString('hex')}`;
    await place.client.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
    try {
      await place.file('0002_price.sql', "select 1;\nselect '5 €';");
      const error = await failure(run({ connection: Object.assign(new URL(place.url), { pathname: name }).href }));
      expect(error.code).toBe('migration_failed');
      expect(error.message).toMatch(/0002_price\.sql, line 2: .*LATIN1/);
    } finally {
      await place.client.query(`drop database ${name} with (force)`);
    }
  });

  it('a connection that is lost in the middle, after which the next run goes on', async () => {
    await place.file('0002_lost.sql', 'create table lost (id int); select pg_terminate_backend(pg_backend_pid());');
    const error = await failure(run());
    expect(error).toMatchObject({ code: 'target_unreachable', message: expect.stringContaining('Run again') });
    expect(await place.tables()).toEqual({ public: ['job.id'] });
    await place.file('0002_lost.sql', 'create table lost (id int);');
    expect(await run()).toMatchObject({ applied: ['0002_lost.sql'] });
  });

  it('no room on the disk, as far as a setting allows', async () => {
    await place.client.query(
      `alter role ${role} set temp_file_limit = '1MB'; alter role ${role} set work_mem = '64kB'; grant create on schema public to ${role}`,
    );
    await place.file(
      '0002_large.sql',
      "create table large as select n, repeat('x', 200) from generate_series(1, 60000) n order by random();",
    );
    const error = await failure(run({ connection: limited }));
    expect(error).toMatchObject({ code: 'target_exhausted', message: expect.stringContaining('Make room') });
    expect(await place.tables()).toEqual({ public: ['job.id'] });
  });
});
