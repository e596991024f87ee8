import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { describe, expect, it } from 'vitest';
import type { SqlMigration } from '../../src/migrations.js';
import { makePlace } from '../../src/tenants/provision/make-place.js';
import type { TenantPlacesOptions } from '../../src/tenants.js';
import { forAllTests } from '../database/for-all-tests.js';
import { servers } from '../database/servers.js';
import { openProvisionDatabase } from './provision-database.js';

describe.each(servers)('migrations of a new place in one transaction $title', (server) => {
  const database = forAllTests(() => openProvisionDatabase(server));

  /** Makes a schema by the migrations, and answers with its name. */
  const made = async (
    all: Record<string, string | ((client: ClientBase) => Promise<void>)>,
    more: Partial<TenantPlacesOptions> = {},
  ) => {
    const id = randomBytes(5).toString('hex');
    const tenant = { id, slug: id };
    const read = async () =>
      Object.entries(all).map(([name, step]) => (typeof step === 'string' ? { name, sql: step } : { name, run: step }));
    const places = database.places({ migrations: { read }, ...more });
    const place = places.placeFor(tenant, { server: 'main', kind: 'schema' });
    await makePlace({ places, tenant, place, record: {}, write: async () => {} });
    return place.name as string;
  };
  const rows = async (sql: string) => (await database.outside.query(sql)).rows;

  it('an enum has the values of later files, each where it says', async () => {
    const name = await made({
      '1': `create type a as enum ('m'); create type b as enum ('m')`,
      '2': `alter type a add value 'z'; alter type a add value if not exists 'm'; alter type a add value 'c' before 'm'; alter type a add value 'd' after 'c'`,
      '3': `create table t (a a default 'd', b b); insert into t values ('z', 'm')`,
      '4': `alter type b add value 'unused'`,
    });
    expect(
      await rows(
        `select a::text, enum_range(null::${name}.a)::text as values, enum_range(null::${name}.b)::text as more from ${name}.t`,
      ),
    ).toEqual([{ a: 'z', values: '{c,d,m,z}', more: '{m,unused}' }]);
    expect(
      await rows(
        `select name, applied_at is not null as is_applied from tenancy_migrations where target = '${name}' order by name`,
      ),
    ).toEqual(['1', '2', '3', '4'].map((file) => ({ name: file, is_applied: true })));
  });

  it('a value that cannot be moved and is used is refused before 17, with the way out; a baseline is one', async () => {
    const files = {
      '1': `do $$ begin create type a as enum ('m'); end $$`,
      '2': `alter type a add value 'z'`,
      '3': `create table t (a a default 'z')`,
      '4': `create index concurrently t_a on t (a)`,
    };
    const run = made(files);
    if (server.title.includes('15'))
      await expect(run).rejects.toThrow(/migration_refused: 3, line 1: unsafe use.*`baseline`/s);
    else await run;
    await database.file('baseline.txt', `create type a as enum ('m', 'z'); create table t (a a default 'z')`);
    const name = await made(files, { baseline: { file: join(database.folder, 'baseline.txt'), upTo: '3' } });
    expect(await rows(`select count(*)::int from pg_indexes where schemaname = '${name}'`)).toEqual([{ count: 1 }]);
    expect(
      await rows(`select count(*)::int from tenancy_migrations where target = '${name}' and applied_at is not null`),
    ).toEqual([{ count: 4 }]);
    const wrong = { file: join(database.folder, 'baseline.txt'), upTo: '5' };
    await expect(made(files, { baseline: wrong })).rejects.toThrow(/migration_refused.*ends at "5"/s);
  });

  it.each([
    'set role ROLE',
    'set session authorization ROLE',
    'set search_path = public',
    'create temp table pg_class (a int)',
  ])('code leaves nothing on its connection to what comes next: %s', async (text) => {
    const found: unknown[] = [];
    const looks = async (client: ClientBase) => {
      const { rows } = await client.query(
        `select current_user, current_setting('search_path') as path, 'pg_class'::regclass::text as catalog`,
      );
      found.push(rows);
    };
    const leaves = async (client: ClientBase) => void (await client.query(text.replace('ROLE', database.role)));
    const name = await made({ '1': looks, '2': leaves, '3': 'create table t (a int)', '4': leaves, '5': looks });
    expect(found[1]).toEqual(found[0]);
    expect(await rows(`select 't' as made where to_regclass('${name}.t') is not null`)).toHaveLength(1);
  });

  it('code runs between statements, in the same transaction and in its own schema', async () => {
    const files = { '1': `create table t (n int)`, '3': `insert into t values (2)` };
    const name = await made({ ...files, '2': async (client) => void (await client.query('insert into t values (1)')) });
    expect(await rows(`select n from ${name}.t order by n`)).toEqual([{ n: 1 }, { n: 2 }]);
    const before = await database.traces();
    await expect(
      made({ ...files, '2': async (client) => void (await client.query('create table public.elsewhere (n int)')) }),
    ).rejects.toThrow(/migration_left_schema/);
    await expect(made({ ...files, '2': async () => Promise.reject(new Error('of its own')) })).rejects.toThrow(
      /migration_failed: 2: of its own/,
    );
    await expect(made({ ...files, '4': 'select 1 / 0' })).rejects.toThrow(
      /migration_failed: 4, line 1: division by zero/,
    );
    expect(await database.traces()).toEqual(before);
  });

  it.each<[string, SqlMigration['sql']]>([
    ['a partition that is detached CONCURRENTLY', 'alter table t detach partition p concurrently'],
    ['a name of another schema', 'create table public.t2 (n int)'],
  ])('refuses %s before anything is sent', async (_, sql) => {
    const before = await database.traces();
    await expect(made({ '1': 'create table t (n int) partition by range (n)', '2': sql })).rejects.toThrow(
      /migration_refused: 2, line 1/,
    );
    expect(await database.traces()).toEqual(before);
  });

  it('O22: waits for a lock of others in short tries, and everybody is served in between', async () => {
    const client = await database.outside.connect();
    await client.query('create schema common; create table common.country (code text primary key)');
    await client.query('begin; insert into common.country values (1)');
    const run = made({ '1': 'create table t (code text references common.country)' }, { shared: ['common'] });
    await new Promise((resolve) => setTimeout(resolve, 400));
    await client.query('commit');
    client.release();
    expect(await rows(`select count(*)::int from ${await run}.t`)).toEqual([{ count: 0 }]);
  });
});
