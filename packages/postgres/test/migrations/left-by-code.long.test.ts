import { randomBytes } from 'node:crypto';
import type { ClientBase } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { CodeMigration, SqlMigration } from '../../src/migrations.js';
import { makePlace } from '../../src/tenants/provision/make-place.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openProvisionDatabase } from '../tenants/provision-database.js';
import { failure, Workplace } from './workplace.js';

/** Asks for all that the next one finds of the connection. */
const SESSION = `select current_user as role, session_user as login, current_setting('search_path') as path, current_setting('statement_timeout') as time,
  nullif(current_setting('app.user_id', true), '') as own, current_setting('row_security') as policies, pg_my_temp_schema() <> 0
    and exists (select from pg_class where relnamespace = pg_my_temp_schema()) as temporary,
  exists (select from pg_prepared_statements where from_sql) as prepared, exists (select from pg_cursors where is_holdable) as cursors`;

/** Each is left by code. */
const LEFT = [
  'set role ROLE',
  'set local role ROLE',
  'set session authorization ROLE',
  'set local session authorization ROLE',
  `select set_config('role', 'ROLE', false)`,
  'set search_path = elsewhere, public',
  'set local search_path = elsewhere, pg_temp',
  `set statement_timeout = '1h'`,
  `set app.user_id = 'ann'`,
  'set row_security = off',
  'create temp table pg_class (relname name)',
  'create temp view pg_locks as select 1 as pid',
  'prepare mine as select 1',
  'declare held cursor with hold for select 1',
];

describe('what code in a migration leaves on its connection', () => {
  const server = { url: inject('postgresUrl') };
  const database = forAllTests(() => openProvisionDatabase(server));
  let place: Workplace;
  beforeAll(async () => {
    place = await Workplace.open(server.url);
    await place.client.query('create schema elsewhere; create table public.job (id int)');
  });
  afterAll(() => place.stop());

  const found: unknown[] = [];
  const looks = async (client: ClientBase) => void found.push((await client.query(SESSION)).rows[0]);
  const leaving = (text: string): CodeMigration => ({
    name: '2',
    run: async (client) => void (await client.query(text.replace('ROLE', database.role))),
  });
  const migrations = (text: string): (CodeMigration | SqlMigration)[] => [
    { name: '1', run: looks },
    leaving(text),
    { name: '3', sql: 'create table made (id int)' },
    { name: '4', run: looks },
  ];
  const owners = async (schema: string, from: ClientBase | typeof database.outside) =>
    (await from.query(`select tableowner from pg_tables where schemaname = $1 and tablename = 'made'`, [schema])).rows;

  it.each(LEFT)('is not found by the next one of a place that is made: %s', async (text) => {
    const id = randomBytes(5).toString('hex');
    found.length = 0;
    const places = database.places({ migrations: { read: async () => migrations(text) } });
    const made = places.placeFor({ id, slug: id }, { server: 'main', kind: 'schema' });
    await makePlace({ places, tenant: { id, slug: id }, place: made, record: {}, write: async () => {} });
    expect(found[1]).toEqual(found[0]);
    expect(await owners(made.name as string, database.outside)).toEqual([
      { tableowner: (found[0] as { login: string }).login },
    ]);
  });

  it('is not found by the next tenant, by the policies, or by the ledger', async () => {
    for (const [index, text] of LEFT.entries()) {
      found.length = 0;
      const tenants = [`a${index}`, `b${index}`];
      const read = async () => migrations(text);
      const policies = { role: database.role };
      await place.schemas(tenants, { directory: undefined, migrations: { read }, workers: 1, policies } as never);
      const [first, second, ...others] = found as { readonly path: string }[];
      expect([text, second]).toEqual([text, first]);
      const own = (at: { readonly path: string } | undefined) => ({ ...at, path: at?.path.replace(/^b/, 'a') });
      expect([text, others.map(own)]).toEqual([text, [first, first]]);
      for (const tenant of tenants) expect(await owners(tenant, place.client)).toHaveLength(1);
    }
  });

  it('keeps a failure from being written down no more than it keeps the next tenant', async () => {
    found.length = 0;
    const run = async (client: ClientBase) => {
      await looks(client);
      if ((found.at(-1) as { path: string }).path !== 'f1') return;
      for (const text of ['commit', `set role ${database.role}`, 'begin']) await client.query(text);
      throw new Error('in the middle');
    };
    const migrations = { read: async () => [{ name: '1', run }] };
    const error = await failure(
      place.schemas(['f1', 'f2'], { directory: undefined, migrations, workers: 1, maxFailures: 1 } as never),
    );
    expect(error.result).toMatchObject({ migrated: 1, failed: [{ tenant: 'f1' }] });
    expect(found[1]).toEqual({ ...(found[0] as object), path: 'f2' });
    expect(await place.rows(`select failure is not null as told from tenancy_migrations where target = 'f1'`)).toEqual([
      { told: true },
    ]);
  });
});
