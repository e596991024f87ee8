import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Tenant, TenantContext } from '@tenancy/core';
import { compilePolicies, createTenantPool, rowLevelSecurity } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { tenantScoped } from '../../src/index.js';
import { longTransactions } from '../database/long-transactions.js';
import { PrismaClient } from './generated/postgresql/client.js';
import { PrismaClient as SqliteClient } from './generated/sqlite/client.js';
import { actors, initialRows, isOf, type Row, type Rows, seedStatements, TABLES } from './rows.js';

export type Setting = 'PostgreSQL' | 'PostgreSQL with the floor' | 'SQLite';

/** A database and how it is looked at from outside. */
interface Store {
  rows(): Promise<Rows>;
  reset(): Promise<void>;
}

/** One scoped client over everybody's rows, and for each actor an unscoped one over its rows alone. */
export interface Sides {
  readonly context: TenantContext;
  readonly scoped: object;
  readonly shared: Store;
  readonly alone: ReadonlyMap<string, Store & { readonly client: object }>;
  /** True when an update checks foreign keys that it does not change. */
  readonly checksWholeRows: boolean;
  stop(): Promise<void>;
}

const tables = async (tenantId: string) =>
  (await readFile(new URL('tables.sql', import.meta.url), 'utf8')).replaceAll('$tenant', tenantId);

export function openSides(setting: Setting): Promise<Sides> {
  return setting === 'SQLite' ? openSqlite() : openPostgres(setting === 'PostgreSQL with the floor');
}

async function openPostgres(hasFloor: boolean): Promise<Sides> {
  const context = new TenantContext();
  const stops: (() => Promise<unknown>)[] = [];
  const open = async (tenant?: Tenant) => {
    const database = await createDatabase(inject('postgresUrl'));
    const roles: string[] = [];
    const outside = new pg.Pool({ connectionString: database.url, max: 1 });
    outside.on('error', () => {});
    await outside.query(await tables(tenant?.id ?? 'nobody'));
    const rows = initialRows(tenant);
    const seed = `set session_replication_role = replica; ${seedStatements(rows).join(';')}; reset session_replication_role`;
    stops.unshift(async () => {
      await outside.end();
      await database.stop({ roles });
    });
    const store: Store = {
      rows: () => readRows(async (text) => (await outside.query(text)).rows),
      reset: async () => void (await outside.query(seed)),
    };
    await store.reset();
    return { ...store, url: database.url, name: database.name, outside, roles };
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
  const shared = await open();
  const floor = hasFloor ? await floorOf(shared, context) : undefined;
  const scoped = floor
    ? tenantScoped(clientOver(floor), { context, shared: ['Country'], floor })
    : tenantScoped(clientOver(plainPool(shared.url)), { context, shared: ['Country'] });
  const alone = new Map<string, Store & { readonly client: object }>();
  for (const tenant of actors) {
    const store = await open(tenant);
    alone.set(tenant.id, { ...store, client: clientOver(plainPool(store.url)) });
  }
  return {
    context,
    scoped,
    shared,
    alone,
    checksWholeRows: false,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

/** Policies on the tenants' tables; the join table has no tenant, and is granted as it is: the scope alone holds it. */
async function floorOf(
  { url, name, outside, roles }: { url: string; name: string; outside: pg.Pool; roles: string[] },
  context: TenantContext,
) {
  const role = `oracle_${randomBytes(6).toString('hex')}`;
  const tenantTables = TABLES.filter((table) => table !== 'Country' && table !== '_JobToTag');
  const { sql } = compilePolicies({
    role,
    tables: tenantTables.map((table) => ({ name: table, tenantColumn: 'tenantId' })),
    shared: [{ name: 'Country' }],
    database: name,
  });
  await outside.query(sql);
  await outside.query(
    `alter role ${role} login password 'oracle'; grant select, insert, delete on "_JobToTag" to ${role}`,
  );
  roles.push(role);
  const connection = new URL(url);
  connection.username = role;
  connection.password = 'oracle';
  const isolation = rowLevelSecurity({ shared: ['Country', '_JobToTag'], tenantColumn: 'tenantId' });
  const pool = createTenantPool({
    connectionString: connection.href,
    context,
    isolation,
    max: 4,
  });
  pool.on('error', () => {});
  return pool;
}

async function openSqlite(): Promise<Sides> {
  const folder = await mkdtemp(join(tmpdir(), 'tenancy-oracle-'));
  const clients: SqliteClient[] = [];
  const open = async (tenant?: Tenant) => {
    const adapter = new PrismaLibSql({ url: `file:${join(folder, tenant?.slug ?? 'shared')}.db` });
    const client = new SqliteClient({ adapter, transactionOptions: longTransactions });
    clients.push(client);
    for (const statement of (await tables(tenant?.id ?? 'nobody')).split(';\n')) {
      if (statement.trim() !== '') await client.$executeRawUnsafe(statement);
    }
    const statements = seedStatements(initialRows(tenant));
    const store: Store = {
      rows: () => readRows((text) => client.$queryRawUnsafe(text)),
      // References to rows that are not there are written without a look at foreign keys.
      reset: async () => {
        for (const each of ['PRAGMA foreign_keys = OFF', ...statements, 'PRAGMA foreign_keys = ON']) {
          await client.$executeRawUnsafe(each);
        }
      },
    };
    await store.reset();
    return { ...store, client };
  };
  const context = new TenantContext();
  const shared = await open();
  const alone = new Map<string, Store & { readonly client: object }>();
  for (const tenant of actors) alone.set(tenant.id, await open(tenant));
  return {
    context,
    scoped: tenantScoped(shared.client, { context, shared: ['Country'] }),
    shared,
    alone,
    checksWholeRows: true,
    stop: async () => {
      for (const client of clients) await client.$disconnect();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function readRows(query: (text: string) => Promise<unknown>): Promise<Rows> {
  const rows: Record<string, readonly Row[]> = {};
  for (const table of TABLES) {
    const key = table === '_JobToTag' ? '"A", "B"' : table === 'Country' ? '"code"' : '"id"';
    rows[table] = (await query(`select * from "${table}" order by ${key}`)) as readonly Row[];
  }
  return rows;
}

/** The rows of a shared database that a tenant would have alone, or those that are none of it. */
export function part(rows: Rows, tenant: Tenant, own: boolean): Rows {
  return Object.fromEntries(
    Object.entries(rows).map(([table, all]) => [
      table,
      all.filter((row) => (table === 'Country' ? own : isOf(tenant, row) === own)),
    ]),
  );
}
