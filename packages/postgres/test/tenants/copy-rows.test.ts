import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { TenantPlace } from '../../src/isolation/tenant-place.js';
import { copyRows } from '../../src/tenants/move/copy-rows.js';
import { countAndHash } from '../../src/tenants/move/count-and-hash.js';
import { PINNED, pairTables, rowsOf } from '../../src/tenants/move/row-source.js';
import { tenantTables } from '../../src/tenants/places/tenant-tables.js';

const TABLES = `create type mood as enum ('glad', 'sad');
  create table item (tenant_id text not null, id int generated always as identity, parent int, at timestamptz, f float8, n numeric(20, 8), j json, b jsonb,
    list text[], raw bytea, mood mood, span interval, body text, twice int generated always as (id * 2) stored,
    primary key (tenant_id, id), foreign key (tenant_id, parent) references item);
  create table visit (tenant_id text not null, day date not null, id int, primary key (tenant_id, day, id)) partition by range (day);
  create table visit_1 partition of visit for values from ('2026-01-01') to ('2026-07-01');
  create table visit_2 partition of visit default;`;

const ROWS: TenantPlace = { server: 'main', kind: 'rows', name: null };
const databases: Awaited<ReturnType<typeof createDatabase>>[] = [];
let source: pg.Client;
let target: pg.Client;

const tablesOf = (client: pg.Client, place = ROWS) => tenantTables(client, place, { policies: { role: 'app' } });

beforeAll(async () => {
  for (const _ of 'st') databases.push(await createDatabase(inject('postgresUrl')));
  [source, target] = databases.map(({ url }) => new pg.Client({ connectionString: url })) as [pg.Client, pg.Client];
  await Promise.all([source.connect(), target.connect()]);
  await Promise.all([source.query(TABLES), target.query(TABLES)]);
  await source.query(`insert into item (tenant_id, at, f, n, j, b, list, raw, mood, span, body)
      select t, '2026-01-01 10:00:00.123456+00'::timestamptz + n * interval '1 microsecond', n / 3.0::float8, n / 7.0,
        '{"a": 1,  "a": 2}', '{"a": [1, null]}', array['a,b', null, E'c\\t\\n'], '\\x00ff'::bytea, 'sad', interval '1 mon 2 days 3.000004 s', repeat('x', n * 1000)
      from unnest(array['a', 'b']) t, generate_series(1, 200) n;
    update item c set parent = p.id from item p where p.tenant_id = c.tenant_id and p.id = c.id - 1;
    insert into visit select t, '2026-06-01'::date + n, n from unnest(array['a', 'b']) t, generate_series(1, 100) n`);
  await target.query(`insert into item (tenant_id, body) values ('b', 'of another tenant')`);
  await source.query(
    `set datestyle = 'German'; set timezone = 'Asia/Tokyo'; set extra_float_digits = -4; set bytea_output = 'escape'`,
  );
});

afterAll(async () => {
  await Promise.all([source.end(), target.end()]);
  await Promise.all(databases.map((database) => database.stop()));
});

it('O35: copies rows of every type as they are, to the microsecond, and the hash of both sides is one', async () => {
  const pairs = pairTables(await tablesOf(source), await tablesOf(target));
  for (const client of [source, target]) await client.query(`begin; ${PINNED}`);
  for (const pair of pairs) {
    const rows = await copyRows(pair, 'a', source, target);
    const before = await countAndHash(source, rowsOf(pair.from, pair.columns, 'a'));
    expect(before.rows).toBe(String(rows));
    expect(rows).toBeGreaterThanOrEqual(100);
    expect(await countAndHash(target, rowsOf(pair.to, pair.columns, 'a'))).toEqual(before);
  }
  await target.query(`update item set at = at + interval '1 microsecond' where tenant_id = 'a' and id = 7`);
  const item = pairs.find(({ from }) => from.name === 'item') as (typeof pairs)[number];
  expect(await countAndHash(target, rowsOf(item.to, item.columns, 'a'))).not.toEqual(
    await countAndHash(source, rowsOf(item.from, item.columns, 'a')),
  );
  for (const client of [source, target]) await client.query('rollback');
});

it('hashes whole rows, whatever their columns are called', async () => {
  await source.query(`begin; ${PINNED}; create temp table named (r int, t text, x text) on commit drop`);
  const hashes = new Set<string>();
  for (const row of [`1, 'a', 'b'`, `1, 'a', 'c'`, `1, 'b', 'c'`, `2, 'b', 'c'`]) {
    await source.query(`truncate named; insert into named values (${row})`);
    hashes.add((await countAndHash(source, 'select r, t, x from named')).hash);
  }
  await source.query('rollback');
  expect(hashes.size).toBe(4);
});

it('refuses tables without a key, and sides that are not alike, and names what differs', async () => {
  const place: TenantPlace = { server: 'main', kind: 'schema', name: 'other' };
  await target.query(
    `create schema other; create table other.item (id int); create table other.visit (id int primary key, more int)`,
  );
  const [rows, schema] = [await tablesOf(source), await tablesOf(target, place)];
  expect(() => pairTables(rows, schema.slice(0, 1))).toThrow(/place_unusable.*visit/s);
  expect(() => pairTables(rows.slice(0, 1), schema.slice(0, 1))).toThrow(/place_unusable.*no primary key/s);
  expect(() => pairTables(rows.slice(1), schema.slice(1))).toThrow(/place_unusable.*day, more/s);
});
