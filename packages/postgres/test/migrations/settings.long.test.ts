import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../src/migrations.js';
import { servers } from '../database/servers.js';
import { Workplace } from './workplace.js';

describe.each(servers)('what the database sets for the application does not hold for a run, $title', ({ url }) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await Workplace.open(url);
  });
  afterEach(() => place.stop());

  const run = () => migrate({ connection: place.url, directory: place.directory });
  const setFor = (setting: string) =>
    place.client.query(`do $$ begin execute format('alter database %I set ${setting}', current_database()); end $$`);

  it('timeouts: a statement, a lock and code between two statements take the time that they take', async () => {
    await setFor('statement_timeout = 200');
    await setFor('lock_timeout = 50');
    await setFor('idle_in_transaction_session_timeout = 200');
    const code = { name: '0001_code', run: async () => sleep(600) };
    const sql = [
      { name: '0002_slow', sql: 'create table job (id int); select pg_sleep(0.6)' },
      { name: '0003_index', sql: 'create index concurrently job_id on job (id)' },
    ];
    await migrate({ connection: place.url, migrations: { read: async () => [code, ...sql.slice(0, 1)] } });
    const writer = new pg.Client({ connectionString: place.url, idle_in_transaction_session_timeout: 60_000 });
    await writer.connect();
    try {
      await writer.query('set idle_in_transaction_session_timeout = 0; begin; insert into job values (1)');
      const migrations = { read: async () => [code, ...sql] };
      // A lock that is not waited for would be tried again.
      const running = migrate({ connection: place.url, migrations, lockPatienceMillis: 0 });
      await sleep(900);
      await writer.query('commit');
      expect(await running).toMatchObject({ applied: ['0003_index'] });
    } finally {
      await writer.end();
    }
  });

  it('what one file sets is not there for the next one, nor for the next tenant', async () => {
    const role = `limited_${randomBytes(5).toString('hex')}`;
    await place.client.query(`create role ${role}`);
    try {
      await place.file(
        '0001_set.sql',
        `create table seen as select current_setting('work_mem') as it; set work_mem = '77MB';`,
      );
      await place.schemas(['t1', 't2', 't3'], { workers: 1 });
      const seen = ['t1', 't2', 't3'].map((tenant) => `select it from ${tenant}.seen`);
      expect(await place.rows(seen.join(' union '))).toEqual([{ it: '4MB' }]);
      await place.file('0002_role.sql', `set role ${role};`);
      await place.file('0003_session.sql', `set session authorization ${role};`);
      await place.file('0004_owned.sql', 'create table owned (id int);');
      expect((await run()).applied).toHaveLength(4);
      expect(await place.rows(`select from pg_tables where tablename = 'owned' and tableowner = '${role}'`)).toEqual(
        [],
      );
    } finally {
      await place.client.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('texts and isolation are read as the files mean them, and a process looks after its client (O15)', async () => {
    await setFor('default_transaction_isolation = serializable');
    await setFor('client_connection_check_interval = 0');
    await setFor('standard_conforming_strings = off');
    await place.file(
      '0001_seen.sql',
      `create table seen as select current_setting('transaction_isolation') as isolation, current_setting('client_connection_check_interval') as interval,
         current_setting('standard_conforming_strings') as strings, 'a\\b' as text;`,
    );
    await run();
    expect(await place.rows('select * from seen')).toEqual([
      { isolation: 'read committed', interval: '500ms', strings: 'on', text: 'a\\b' },
    ]);
  });
});
