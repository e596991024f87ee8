import { randomBytes } from 'node:crypto';
import { TenantContext } from '@tenancy/core';
import { compilePolicies, rowLevelSecurity, TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import initSqlJs from 'sql.js';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { Dice } from '../../../../test/oracle/dice.js';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import { OWN } from '../../../../test/oracle/random-rows.js';
import { type Dialect, type RawRow, SchemaSql, type Snapshot, snapshotOf } from '../../../../test/oracle/sql.js';
import { tenantScoped } from '../../src/index.js';
import { createMariadb } from '../database/mariadb.js';
import { entitiesOf } from './entities.js';

export const SETTINGS = ['PostgreSQL', 'PostgreSQL with the floor', 'SQLite', 'MariaDB'] as const;
export type Setting = (typeof SETTINGS)[number];

export interface Store {
  readonly source: DataSource;
  rows(given: RandomCase): Promise<Snapshot>;
  reset(given: RandomCase): Promise<void>;
}

/** A scoped data source over both tenants' rows, and an unscoped one where the tenant is alone. */
export interface Sides {
  readonly context: TenantContext;
  readonly setting: Setting;
  readonly shared: Store;
  readonly alone: Store;
  /** True when the tenants' columns of the shared database compare without case. */
  readonly isLoose: boolean;
  stop(): Promise<void>;
}

export interface SidesOptions {
  readonly setting: Setting;
  readonly cases: readonly RandomCase[];
  /** Options of relations beside what the schema says: cascades and the like. */
  readonly seed: number;
  readonly version: '1' | '0.3';
  readonly postgresUrl: string;
  readonly isLoose: boolean;
}

/** The two versions have the same options and no common types. */
const versions = {
  '1': { Source: DataSource, Schema: EntitySchema },
  '0.3': {
    Source: DataSource03 as unknown as typeof DataSource,
    Schema: EntitySchema03 as unknown as typeof EntitySchema,
  },
};

/** Opens both databases with the tables of all schemas. */
export async function openSides(options: SidesOptions): Promise<Sides> {
  const { setting, cases, seed, version, postgresUrl } = options;
  const isLoose = options.isLoose && (setting === 'PostgreSQL' || setting === 'SQLite');
  const { Source, Schema } = versions[version];
  const dialect: Dialect = setting === 'SQLite' ? 'sqlite' : setting === 'MariaDB' ? 'mariadb' : 'postgresql';
  const stops: (() => Promise<unknown>)[] = [];
  const entities = () => cases.flatMap(({ schema }) => [...entitiesOf(Schema, schema, dialect, new Dice(seed))]);
  const context = new TenantContext();
  const first = cases[0] as RandomCase;
  const models = cases.flatMap(({ schema }) => schema.models);
  const scopeOptions = {
    context,
    tenantProperty: first.schema.tenantField,
    shared: models.filter(({ ownership }) => ownership !== 'tenant').map(({ name }) => name),
  };
  const open = async (isAlone: boolean): Promise<Store> => {
    const { run, all, connect } = await opened(dialect, postgresUrl, stops);
    // TypeORM itself loses the tenant of a row whose relation names another by the rest of a key. Alone, there is only one it can be.
    const tenantDefault = isAlone ? `'${OWN.id}'` : "'nobody'";
    if (isLoose && dialect === 'postgresql') await run(['create extension if not exists citext']);
    for (const { schema } of cases) {
      const tables = new SchemaSql(schema, dialect).tables(tenantDefault);
      await run(isLoose && !isAlone ? tables.map((table) => loosened(table, schema.tenantColumn, dialect)) : tables);
    }
    const hasFloor = setting === 'PostgreSQL with the floor' && !isAlone;
    const given = hasFloor ? await floorOptions(cases, await connect(), run, context, stops) : await connect();
    const source = new Source({ ...given, entities: entities() } as unknown as DataSourceOptions);
    if (!isAlone) tenantScoped(source, scopeOptions);
    await source.initialize();
    stops.unshift(() => source.destroy());
    return {
      source,
      rows: async (each) => {
        const sql = new SchemaSql(each.schema, dialect);
        return snapshotOf(sql, each.rows, await all(sql.everything));
      },
      reset: async (each) => {
        const [off, on] = withoutKeys[dialect];
        await run([off, ...new SchemaSql(each.schema, dialect).seed(each.rows, isAlone), on]);
      },
    };
  };
  const [shared, alone] = [await open(false), await open(true)];
  return {
    context,
    setting,
    shared,
    alone,
    isLoose,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

function loosened(table: string, tenantColumn: string, dialect: Dialect): string {
  return table.replace(
    `"${tenantColumn}" text`,
    `"${tenantColumn}" ${dialect === 'sqlite' ? 'text collate nocase' : 'citext'}`,
  );
}

/** References to rows that are not there are written without a look at foreign keys. */
const withoutKeys: Readonly<Record<Dialect, readonly [off: string, on: string]>> = {
  postgresql: ['set session_replication_role = replica', 'reset session_replication_role'],
  sqlite: ['PRAGMA foreign_keys = OFF', 'PRAGMA foreign_keys = ON'],
  mariadb: ['set foreign_key_checks = 0', 'set foreign_key_checks = 1'],
};

interface Opened {
  run(statements: readonly string[]): Promise<void>;
  all(query: string): Promise<readonly RawRow[]>;
  /** The options of a data source over it. */
  connect(): Promise<Record<string, unknown>>;
}

async function opened(dialect: Dialect, postgresUrl: string, stops: (() => Promise<unknown>)[]): Promise<Opened> {
  if (dialect === 'sqlite') {
    const driver = (await initSqlJs()) as { readonly Database: new () => SqlJsDatabase };
    // The data source makes the database: it gets this one, which is looked at from outside.
    const database = new driver.Database();
    const Database = function Database() {
      return database;
    };
    return {
      run: async (statements) => {
        for (const each of statements) database.exec(each);
      },
      all: async (query) => {
        const [result] = database.exec(query);
        return (result?.values ?? []).map(([t, tenant, r]) => ({ t, tenant, r }) as RawRow);
      },
      connect: async () => ({ type: 'sqljs', driver: { ...driver, Database } }),
    };
  }
  if (dialect === 'mariadb') {
    const database = await createMariadb();
    const pool = createPool({ uri: database.url, connectionLimit: 1, multipleStatements: true });
    stops.unshift(async () => {
      await pool.end();
      await database.stop();
    });
    return {
      run: async (statements) => void (await pool.query(statements.join(';\n'))),
      all: async (query) => (await pool.query(query))[0] as unknown as readonly RawRow[],
      connect: async () => ({
        type: 'mysql',
        url: database.url,
        connectorPackage: 'mysql2',
        extra: { connectionLimit: 3 },
      }),
    };
  }
  const database = await createDatabase(postgresUrl);
  const outside = new pg.Pool({ connectionString: database.url, max: 1 }).on('error', () => {});
  stops.unshift(async () => {
    await outside.end();
    await database.stop();
  });
  return {
    run: async (statements) => void (await outside.query(statements.join(';\n'))),
    all: async (query) => (await outside.query<RawRow>(query)).rows,
    connect: async () => ({ type: 'postgres', url: database.url, installExtensions: false, extra: { max: 3 } }),
  };
}

interface SqlJsDatabase {
  exec(sql: string): { readonly columns: string[]; readonly values: unknown[][] }[];
}

/** Policies on the tenants' tables. The others have no tenant and are granted as they are: the scope alone holds them. */
async function floorOptions(
  cases: readonly RandomCase[],
  { url }: Record<string, unknown>,
  run: Opened['run'],
  context: TenantContext,
  stops: (() => Promise<unknown>)[],
): Promise<Record<string, unknown>> {
  const role = `oracle_${randomBytes(6).toString('hex')}`;
  const { tenantColumn } = (cases[0] as RandomCase).schema;
  const models = cases.flatMap(({ schema }) => schema.models);
  const links = cases.flatMap(({ schema }) => schema.links.map(({ table }) => table));
  const shared = models.filter(({ ownership }) => ownership !== 'tenant').map(({ table }) => table);
  const connection = new URL(String(url));
  const { sql } = compilePolicies({
    role,
    tables: models
      .filter(({ ownership }) => ownership === 'tenant')
      .map(({ table }) => ({ name: table, tenantColumn })),
    shared: shared.map((table) => ({ name: table })),
    database: connection.pathname.slice(1),
  });
  const granted = [...links, ...shared].map((table) => `grant select, insert, update, delete on "${table}" to ${role}`);
  await run([sql, `alter role ${role} login password 'oracle'`, ...granted]);
  stops.unshift(() => run([`drop owned by ${role}; drop role ${role}`]));
  connection.username = role;
  connection.password = 'oracle';
  const isolation = rowLevelSecurity({
    shared: [...shared, ...links].map((name) => ({ schema: 'public', name })),
    tenantColumn,
  });
  return {
    type: 'postgres',
    url: connection.href,
    installExtensions: false,
    driver: { ...pg, Pool: TenantPool },
    extra: { context, isolation, max: 3 },
  };
}
