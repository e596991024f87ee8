import {
  createDatabase,
  type PostgresServer,
  postgresFromEnvironment,
  type TestDatabase,
} from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { columnType } from '../../src/lint/sql/column-type.js';
import { named, node, nodes } from '../../src/lint/sql/nodes.js';
import { typeChange } from '../../src/lint/sql/type-change.js';
import { STEADY_FUNCTIONS } from '../../src/lint/sql/volatility.js';
import { parseSql } from '../../src/parser/parse-sql.js';
import { rulesOf } from './hiring.js';

let server: PostgresServer;
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  server = await postgresFromEnvironment();
  database = await createDatabase(server.url);
  client = new pg.Client(database.url);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.stop();
  await server.stop();
});

const TYPES = [
  'text',
  'varchar',
  'varchar(10)',
  'varchar(20)',
  'char(10)',
  'char(20)',
  'int',
  'bigint',
  'smallint',
  'oid',
  'numeric',
  'numeric(8, 2)',
  'numeric(10, 2)',
  'numeric(10, 3)',
  'real',
  'double precision',
  'timestamp',
  'timestamp(3)',
  'timestamptz',
  'timestamptz(3)',
  'date',
  'time',
  'time(3)',
  'interval',
  'bit(8)',
  'varbit',
  'varbit(8)',
  'varbit(16)',
  'cidr',
  'inet',
  'xml',
  'json',
  'jsonb',
  'uuid',
  'int[]',
  'bigint[]',
  'varchar(10)[]',
  'text[]',
] as const;

async function typeOf(written: string) {
  const [statement] = await parseSql(`create table t (x ${written})`);
  const [column] = nodes(statement?.tree, 'tableElts');
  return columnType(node(column?.tree, 'typeName'));
}

/** The work that PostgreSQL does, in a session whose time zone is no UTC. */
async function measured(from: string, to: string): Promise<'none' | 'rewrite' | undefined> {
  await client.query("begin; set local timezone = 'Europe/Zurich'");
  try {
    await client.query(`create table t (x ${from}); insert into t values (null)`);
    const file = async () => (await client.query("select pg_relation_filenode('t') as file")).rows[0].file;
    const before = await file();
    await client.query(`alter table t alter column x type ${to}`);
    return (await file()) === before ? 'none' : 'rewrite';
  } catch (error) {
    // There is no cast from one to the other.
    expect(error).toMatchObject({ code: '42804' });
    return undefined;
  } finally {
    await client.query('rollback');
  }
}

it.each(TYPES)('the work of a change from %s to each other type is what PostgreSQL does', async (from) => {
  const wrong: unknown[] = [];
  let known = 0;
  for (const to of TYPES) {
    const real = await measured(from, to);
    if (real === undefined) continue;
    known += 1;
    const said = typeChange(await typeOf(from), await typeOf(to));
    if ((said === 'none') !== (real === 'none')) wrong.push({ from, to, said, real });
  }
  expect(wrong).toEqual([]);
  expect(known).toBeGreaterThan(0);
});

it('in UTC a timestamp becomes one with a time zone as it is', async () => {
  await client.query("begin; set local timezone = 'UTC'; create table t (x timestamp)");
  const file = async () => (await client.query("select pg_relation_filenode('t') as file")).rows[0].file;
  const before = await file();
  await client.query('alter table t alter column x type timestamptz');
  expect(await file()).toBe(before);
  await client.query('rollback');
  expect(await rulesOf("set local timezone = 'UTC'; alter table job alter column seen type timestamptz")).toEqual([]);
  expect(await rulesOf('alter table job alter column seen type timestamptz')).toEqual(['changing-column-type']);
});

it('no function that is taken for steady is volatile in PostgreSQL', async () => {
  const { rows } = await client.query(
    "select proname as name, bool_or(provolatile = 'v') as volatile from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname = any($1) group by 1",
    [[...STEADY_FUNCTIONS]],
  );
  expect(rows.filter(({ volatile }) => volatile)).toEqual([]);
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...STEADY_FUNCTIONS].toSorted());
});

it('reads a name as the catalog has it', async () => {
  expect(await typeOf('character varying(10)')).toEqual({ name: 'varchar', modifiers: [10], isArray: false });
  expect(await typeOf('public.stage[]')).toEqual({ name: 'stage', modifiers: [], isArray: true });
  expect(named(undefined)).toEqual({ kind: '', tree: {} });
});
