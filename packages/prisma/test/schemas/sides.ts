import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { compilePolicies, createTenantPool, rowLevelSecurity, type TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import { OWN } from '../../../../test/oracle/random-rows.js';
import { type RawRow, SchemaSql, type Snapshot, snapshotOf } from '../../../../test/oracle/sql.js';
import { tenantScoped } from '../../src/index.js';
import { longTransactions } from '../database/long-transactions.js';
import type { GeneratedClient } from './clients.js';

export const SETTINGS = ['PostgreSQL', 'PostgreSQL with the floor', 'SQLite'] as const;
export type Setting = (typeof SETTINGS)[number];

/** One database of the two, as it is looked at from outside. */
export interface Store {
  readonly client: object;
  rows(given: RandomCase): Promise<Snapshot>;
  reset(given: RandomCase): Promise<void>;
}

/** A scoped client over both tenants' rows, and an unscoped one where the tenant is alone. */
export interface Sides {
  readonly context: TenantContext;
  readonly setting: Setting;
  readonly shared: Store;
  readonly alone: Store;
  stop(): Promise<void>;
}

/** Opens both databases with the tables of all schemas. */
export function openSides(
  setting: Setting,
  cases: readonly RandomCase[],
  generated: GeneratedClient,
  postgresUrl: string,
): Promise<Sides> {
  return setting === 'SQLite' ? openSqlite(cases, generated) : openPostgres(setting, cases, generated, postgresUrl);
}

const optionsOf = (cases: readonly RandomCase[], context: TenantContext) => {
  const models = cases.flatMap(({ schema }) => schema.models);
  return {
    context,
    tenantField: cases[0]?.schema.tenantField as string,
    shared: models.filter(({ ownership }) => ownership !== 'tenant').map(({ name }) => name),
    writable: models.filter(({ ownership }) => ownership === 'writable').map(({ name }) => name),
  };
};

async function openPostgres(
  setting: Setting,
  cases: readonly RandomCase[],
  { PrismaClient }: GeneratedClient,
  postgresUrl: string,
): Promise<Sides> {
  const context = new TenantContext();
  const stops: (() => Promise<unknown>)[] = [];
  const open = async (isAlone: boolean) => {
    const database = await createDatabase(postgresUrl);
    const outside = new pg.Pool({ connectionString: database.url, max: 1 }).on('error', () => {});
    stops.unshift(async () => {
      await outside.end();
      await database.stop();
    });
    for (const { schema } of cases) {
      await outside.query(new SchemaSql(schema, 'postgresql').tables(isAlone ? `'${OWN.id}'` : "'nobody'").join(';\n'));
    }
    return {
      ...database,
      outside,
      rows: async (given: RandomCase) => {
        const sql = new SchemaSql(given.schema, 'postgresql');
        return snapshotOf(sql, given.rows, (await outside.query<RawRow>(sql.everything)).rows);
      },
      reset: async (given: RandomCase) => {
        const seed = new SchemaSql(given.schema, 'postgresql').seed(given.rows, isAlone);
        await outside.query(
          `set session_replication_role = replica; ${seed.join(';\n')}; reset session_replication_role`,
        );
      },
    };
  };
  const clientOver = (pool: pg.Pool) => {
    const client = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions: longTransactions });
    stops.unshift(async () => {
      await client.$disconnect();
      await pool.end();
    });
    return client;
  };
  const plainPool = (connectionString: string) => new pg.Pool({ connectionString, max: 4 }).on('error', () => {});
  const [shared, alone] = [await open(false), await open(true)];
  const options = optionsOf(cases, context);
  let scoped: object;
  if (setting === 'PostgreSQL with the floor') {
    const floor = await floorOf(cases, shared, context, stops);
    scoped = tenantScoped(clientOver(floor), { ...options, floor });
  } else scoped = tenantScoped(clientOver(plainPool(shared.url)), options);
  return {
    context,
    setting,
    shared: { ...shared, client: scoped },
    alone: { ...alone, client: clientOver(plainPool(alone.url)) },
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

/** Policies on the tenants' tables. The others have no tenant and are granted as they are: the scope alone holds them. */
async function floorOf(
  cases: readonly RandomCase[],
  { url, name, outside }: { readonly url: string; readonly name: string; readonly outside: pg.Pool },
  context: TenantContext,
  stops: (() => Promise<unknown>)[],
): Promise<TenantPool> {
  const role = `oracle_${randomBytes(6).toString('hex')}`;
  const { tenantColumn } = (cases[0] as RandomCase).schema;
  const models = cases.flatMap(({ schema }) => schema.models);
  const links = cases.flatMap(({ schema }) => schema.links.map(({ table }) => table));
  const shared = models.filter(({ ownership }) => ownership !== 'tenant').map(({ table }) => table);
  const { sql } = compilePolicies({
    role,
    tables: models
      .filter(({ ownership }) => ownership === 'tenant')
      .map(({ table }) => ({ name: table, tenantColumn })),
    shared: shared.map((table) => ({ name: table })),
    database: name,
  });
  await outside.query(sql);
  const granted = [...links, ...models.filter(({ ownership }) => ownership === 'writable').map(({ table }) => table)];
  await outside.query(
    [
      `alter role ${role} login password 'oracle'`,
      ...granted.map((table) => `grant select, insert, update, delete on "${table}" to ${role}`),
    ].join(';'),
  );
  stops.unshift(() => outside.query(`drop owned by ${role}; drop role ${role}`));
  const connection = new URL(url);
  connection.username = role;
  connection.password = 'oracle';
  const isolation = rowLevelSecurity({
    shared: [...shared, ...links].map((table) => ({ schema: 'public', name: table })),
    tenantColumn,
  });
  return createTenantPool({ connectionString: connection.href, context, isolation, max: 4 }).on('error', () => {});
}

async function openSqlite(cases: readonly RandomCase[], { PrismaClient }: GeneratedClient): Promise<Sides> {
  // Each statement that puts rows back waits for the disk, where there is one.
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tenancy-oracle-'));
  const clients: { $disconnect(): Promise<void> }[] = [];
  const open = async (isAlone: boolean) => {
    const url = `file:${join(folder, isAlone ? 'alone' : 'shared')}.db`;
    const client = new PrismaClient({ adapter: new PrismaLibSql({ url }), transactionOptions: longTransactions });
    clients.push(client);
    for (const { schema } of cases) {
      for (const each of new SchemaSql(schema, 'sqlite').tables(isAlone ? `'${OWN.id}'` : "'nobody'"))
        await client.$executeRawUnsafe(each);
    }
    return {
      client,
      rows: async (given: RandomCase) => {
        const sql = new SchemaSql(given.schema, 'sqlite');
        return snapshotOf(sql, given.rows, await client.$queryRawUnsafe<RawRow[]>(sql.everything));
      },
      // References to rows that are not there are written without a look at foreign keys.
      reset: async (given: RandomCase) => {
        const seed = new SchemaSql(given.schema, 'sqlite').seed(given.rows, isAlone);
        await client.$executeRawUnsafe('PRAGMA foreign_keys = OFF');
        await client.$transaction(seed.map((each) => client.$executeRawUnsafe(each)));
        await client.$executeRawUnsafe('PRAGMA foreign_keys = ON');
      },
    };
  };
  const context = new TenantContext();
  const [shared, alone] = [await open(false), await open(true)];
  return {
    context,
    setting: 'SQLite',
    shared: { ...shared, client: tenantScoped(shared.client, optionsOf(cases, context)) },
    alone,
    stop: async () => {
      for (const client of clients) await client.$disconnect();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
