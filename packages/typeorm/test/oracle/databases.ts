import { randomBytes } from 'node:crypto';
import { type Tenant, TenantContext } from '@tenancy/core';
import { compilePolicies, rowLevelSecurity, TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import initSqlJs from 'sql.js';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { inject } from 'vitest';
import { tenantScoped } from '../../src/index.js';
import { createMariadb } from '../database/mariadb.js';
import { entitiesFor } from './entities.js';

export const SETTINGS = [
  'PostgreSQL',
  'PostgreSQL with the floor',
  'PostgreSQL, TypeORM 0.3',
  'SQLite',
  'SQLite, TypeORM 0.3',
  'MariaDB',
] as const;
export type Setting = (typeof SETTINGS)[number];

/** The two versions have the same options and no common types. */
const typeorm03 = {
  Source: DataSource03 as unknown as typeof DataSource,
  Schema: EntitySchema03 as unknown as typeof EntitySchema,
};
export type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

export const tenants: readonly [Tenant, Tenant, Tenant] = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
  { id: 't_initech', slug: 'initech' },
];
export const TABLES = ['country', 'office', 'tag', 'job', 'job_tag', 'candidate'] as const;

interface Store {
  rows(): Promise<Rows>;
  reset(): Promise<void>;
}

/** One scoped data source over everybody's rows, and for each tenant an unscoped one over its rows alone. */
export interface Sides {
  readonly context: TenantContext;
  readonly scoped: DataSource;
  readonly shared: Store;
  readonly alone: ReadonlyMap<string, Store & { readonly source: DataSource }>;
  stop(): Promise<void>;
}

/** Everybody's rows, or one tenant's: the last of each kind refers to the next tenant's. */
export function seedStatements(only?: Tenant): string[] {
  const statements = TABLES.map((table) => `DELETE FROM "${table}"`);
  statements.push(`INSERT INTO "country" ("id", "name") VALUES ('ch', 'name 1'), ('fr', 'name 2')`);
  for (const [n, { id, slug }] of tenants.entries()) {
    if (only && only.id !== id) continue;
    const next = tenants[(n + 1) % tenants.length]?.slug ?? '';
    const insert = (table: string, columns: string, rows: readonly (readonly (string | number | null)[])[]) => {
      const values = rows.map(
        (row) =>
          `(${row.map((value) => (value === null ? 'NULL' : typeof value === 'number' ? value : `'${value}'`)).join(', ')})`,
      );
      statements.push(
        `INSERT INTO "${table}" (${columns
          .split(' ')
          .map((column) => `"${column}"`)
          .join(', ')}) VALUES ${values.join(', ')}`,
      );
    };
    insert(
      'office',
      'tenantId id city countryId',
      [1, 2].map((k) => [id, `${slug}-office-${k}`, `city ${k}`, k === 1 ? 'ch' : null]),
    );
    insert(
      'tag',
      'tenantId id label',
      [1, 2].map((k) => [id, `${slug}-tag-${k}`, `label ${k}`]),
    );
    insert(
      'job',
      'tenantId id title salary officeId',
      [1, 2, 3].map((k) => [id, `${slug}-job-${k}`, `title ${k}`, k, `${k === 3 ? next : slug}-office-1`]),
    );
    insert('job_tag', 'jobId tagId', [
      [`${slug}-job-1`, `${slug}-tag-1`],
      [`${slug}-job-2`, `${next}-tag-2`],
    ]);
    insert('candidate', 'tenantId id name jobId refereeId', [
      [id, `${slug}-candidate-1`, 'name 1', `${slug}-job-1`, null],
      [id, `${slug}-candidate-2`, 'name 2', `${slug}-job-1`, `${slug}-candidate-1`],
      [id, `${slug}-candidate-3`, 'name 3', `${next}-job-1`, `${next}-candidate-1`],
    ]);
  }
  return statements;
}

export async function openSides(setting: Setting): Promise<Sides> {
  const context = new TenantContext();
  const stops: (() => Promise<unknown>)[] = [];
  const isSqlite = setting.startsWith('SQLite');
  const typeorm = setting.endsWith('0.3') ? typeorm03 : { Source: DataSource, Schema: EntitySchema };
  const open = (tenant?: Tenant) => {
    if (isSqlite) return openSqlite(typeorm, tenant, stops);
    return setting === 'MariaDB' ? openMariadb(tenant, stops) : openPostgres(typeorm, tenant, stops);
  };
  const shared = await open();
  let scoped: DataSource;
  if (setting === 'PostgreSQL with the floor') {
    scoped = await openFloor(shared, context, stops);
  } else {
    scoped = isSqlite
      ? shared.source
      : await new typeorm.Source({ ...shared.source.options, synchronize: false }).initialize();
    if (scoped !== shared.source) stops.unshift(() => scoped.destroy());
  }
  tenantScoped(scoped, { context, shared: ['Country'] });
  const alone = new Map<string, Store & { readonly source: DataSource }>();
  for (const tenant of tenants) alone.set(tenant.id, await open(tenant));
  return {
    context,
    scoped,
    shared,
    alone,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

async function storeOf(source: DataSource, run: (sql: string) => Promise<unknown>, tenant?: Tenant) {
  const seed = seedStatements(tenant);
  const store = {
    source,
    rows: async () => {
      const rows: Record<string, readonly Readonly<Record<string, unknown>>[]> = {};
      for (const table of TABLES)
        rows[table] = (await run(
          `SELECT * FROM "${table}" ORDER BY ${table === 'job_tag' ? '1, 2' : '"id"'}`,
        )) as never;
      return rows as Rows;
    },
    reset: async () => {
      for (const statement of seed) await run(statement);
    },
  };
  await store.reset();
  return store;
}

type TypeORM = Pick<typeof typeorm03, 'Source' | 'Schema'>;
type Stops = (() => Promise<unknown>)[];

async function openSqlite({ Source, Schema }: TypeORM, tenant: Tenant | undefined, stops: Stops) {
  const options = {
    type: 'sqljs',
    driver: await initSqlJs(),
    entities: entitiesFor(Schema, tenant?.id),
    synchronize: true,
  };
  const source = await new Source(options as unknown as DataSourceOptions).initialize();
  stops.unshift(() => source.destroy());
  const { databaseConnection } = source.driver as unknown as {
    databaseConnection: { exec(sql: string): { columns: string[]; values: unknown[][] }[] };
  };
  const run = async (sql: string) => {
    const [result] = databaseConnection.exec(sql);
    return (result?.values ?? []).map((row) =>
      Object.fromEntries(row.map((value, n) => [result?.columns[n] ?? '', value])),
    );
  };
  return storeOf(source, run, tenant);
}

async function openMariadb(tenant: Tenant | undefined, stops: Stops) {
  const database = await createMariadb();
  const options = {
    type: 'mysql',
    url: database.url,
    entities: entitiesFor(EntitySchema, tenant?.id),
    synchronize: true,
    connectorPackage: 'mysql2',
    extra: { connectionLimit: 3 },
  };
  const source = await new DataSource(options as DataSourceOptions).initialize();
  stops.unshift(async () => {
    await source.destroy();
    await database.stop();
  });
  return storeOf(source, (sql) => source.query(sql.replaceAll('"', '`')), tenant);
}

async function openPostgres({ Source, Schema }: TypeORM, tenant: Tenant | undefined, stops: Stops) {
  const database = await createDatabase(inject('postgresUrl'));
  const entities = entitiesFor(Schema, tenant?.id);
  const options = {
    type: 'postgres',
    url: database.url,
    entities,
    synchronize: true,
    installExtensions: false,
    extra: { max: 3 },
  };
  const source = await new Source(options as DataSourceOptions).initialize();
  const roles: string[] = [];
  stops.unshift(async () => {
    await source.destroy();
    await database.stop({ roles });
  });
  const store = await storeOf(source, (sql) => source.query(sql), tenant);
  return { ...store, url: database.url, name: database.name, roles };
}

async function openFloor(shared: { readonly source: DataSource }, context: TenantContext, stops: Stops) {
  const { url, name, roles } = shared as unknown as { url: string; name: string; roles: string[] };
  const role = `oracle_${randomBytes(6).toString('hex')}`;
  const owned = ['office', 'tag', 'job', 'candidate'].map((table) => ({ name: table, tenantColumn: 'tenantId' }));
  await shared.source.query(
    compilePolicies({ role, tables: owned, shared: [{ name: 'country' }], database: name }).sql,
  );
  await shared.source.query(
    `alter role ${role} login password 'oracle'; grant select, insert, delete on "job_tag" to ${role}`,
  );
  const connection = new URL(url);
  connection.username = role;
  connection.password = 'oracle';
  const isolation = rowLevelSecurity({ shared: ['country', 'job_tag'], tenantColumn: 'tenantId' });
  const source = await new DataSource({
    type: 'postgres',
    url: connection.href,
    entities: entitiesFor(EntitySchema),
    installExtensions: false,
    driver: { ...pg, Pool: TenantPool },
    extra: { context, isolation, max: 3 },
  }).initialize();
  roles.push(role);
  stops.unshift(() => source.destroy());
  return source;
}
