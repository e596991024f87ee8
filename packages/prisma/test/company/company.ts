import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Tenant, TenantContext } from '@tenancy/core';
import { compilePolicies, createTenantPool, rowLevelSecurity, type TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { type TenantScopedClient, tenantScoped } from '../../src/index.js';
import { longTransactions } from '../database/long-transactions.js';
import { PrismaClient } from './generated/postgresql/client.js';
import { PrismaClient as SqliteClient } from './generated/sqlite/client.js';

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };

export const SETTINGS = ['PostgreSQL', 'PostgreSQL with the floor', 'SQLite'] as const;
export type Setting = (typeof SETTINGS)[number];
export type CompanyClient = TenantScopedClient<PrismaClient>;
export type Company = Awaited<ReturnType<typeof openCompany>>;

const SHARED = ['Org', 'Region', 'Plan'];
/** Prisma's tables of many-to-many relations. */
const LINKS = ['_GroupToPlan', '_Friends'];
const TENANTS_OWN = [
  'Unit',
  'Task',
  'Badge',
  'Seat',
  'Depot',
  'Shipment',
  'Zone',
  'Bin',
  'Rack',
  'Parcel',
  'Preference',
  'Group',
  'Folder',
  'Paper',
];

/**
 * A second schema for what the first has not: a tree, keys that share a column, a registry that the tenant field refers to.
 * A database of its own, a client without a scope to look from outside, and a scoped one.
 */
export async function openCompany(setting: Setting, { writable = [] as readonly string[] } = {}) {
  const context = new TenantContext();
  const opened = await (setting === 'SQLite' ? openSqlite() : openPostgres(context, setting !== 'PostgreSQL'));
  const { outside, inside, floor, stop } = opened;
  const scoped = (client: PrismaClient, more: object = {}): CompanyClient =>
    tenantScoped(client, { context, shared: SHARED, writable, ...(floor && { floor }), ...more });
  return {
    context,
    outside,
    /** The client that `prisma` is the scope of. */
    inside,
    /** Another like it. */
    another: opened.another,
    prisma: scoped(inside),
    scoped,
    stop,
    as: <R>(tenant: Tenant, work: () => R): R => context.run(tenant, work),
    /** Every row, read from outside, to compare before and after. */
    rows: async () => ({
      orgs: await outside.org.findMany({ orderBy: { id: 'asc' } }),
      units: await outside.unit.findMany({ orderBy: { id: 'asc' } }),
      tasks: await outside.task.findMany({ orderBy: { id: 'asc' } }),
      badges: await outside.badge.findMany({ orderBy: { id: 'asc' } }),
      seats: await outside.seat.findMany({ orderBy: [{ row: 'asc' }, { no: 'asc' }] }),
      depots: await outside.depot.findMany({ orderBy: [{ regionCode: 'asc' }, { code: 'asc' }] }),
      shipments: await outside.shipment.findMany({ orderBy: { id: 'asc' } }),
      zones: await outside.zone.findMany({ orderBy: { code: 'asc' } }),
      bins: await outside.bin.findMany({ orderBy: [{ zoneCode: 'asc' }, { code: 'asc' }] }),
      racks: await outside.rack.findMany({ orderBy: [{ aisle: 'asc' }, { code: 'asc' }] }),
      preferences: await outside.preference.findMany({ orderBy: { tenantId: 'asc' } }),
      parcels: await outside.parcel.findMany({ orderBy: { id: 'asc' } }),
      folders: await outside.folder.findMany({ orderBy: { id: 'asc' } }),
      papers: await outside.paper.findMany({ orderBy: { id: 'asc' } }),
      plans: await outside.plan.findMany({ orderBy: { code: 'asc' } }),
      groups: await outside.group.findMany({
        orderBy: { id: 'asc' },
        include: {
          plans: { select: { code: true }, orderBy: { code: 'asc' } },
          friends: { select: { id: true }, orderBy: { id: 'asc' } },
        },
      }),
    }),
    /** The same few rows for each tenant, under ids of its own: 1xx are acme's, 2xx globex's. */
    seed: async () => {
      const { parcel, bin, rack, zone, shipment, depot, badge, task, unit, region } = outside;
      for (const model of [
        outside.paper,
        outside.folder,
        outside.seat,
        outside.preference,
        parcel,
        bin,
        rack,
        zone,
        shipment,
        depot,
        badge,
        task,
        unit,
        region,
      ]) {
        await (model as typeof unit).deleteMany();
      }
      await outside.group.updateMany({ data: { headNo: null, rivalId: null, peerId: null } });
      await outside.group.deleteMany();
      await outside.plan.deleteMany();
      await outside.org.deleteMany();
      await outside.region.createMany({ data: [{ code: 'EU' }, { code: 'US' }] });
      await outside.plan.createMany({ data: [{ code: 'free' }, { code: 'paid' }, { code: 'unused' }] });
      await outside.org.createMany({ data: [acme, globex].map(({ id, slug: name }) => ({ id, name })) });
      for (const [{ id: tenantId }, n, regionCode] of [
        [acme, 100, 'EU'],
        [globex, 200, 'US'],
      ] as const) {
        const row = (id: number, parentId: number | null) => ({ tenantId, id: n + id, name: `unit ${id}`, parentId });
        const parent = (id: number) => (id === 1 ? null : n + 1);
        await outside.unit.createMany({ data: [1, 2, 3, 4, 5, 6].map((id) => row(id, id < 5 ? parent(id) : null)) });
        await outside.task.createMany({ data: [1, 2].map((id) => ({ tenantId, id: n + id, unitId: n + id })) });
        await outside.badge.create({ data: { tenantId, id: n + 1, unitId: n + 1 } });
        await outside.badge.create({ data: { tenantId, id: n + 2 } });
        // What either tenant's rows have in one column, the other's have beside another.
        const seats =
          n === 100
            ? ([
                ['A', 1],
                ['B', 2],
              ] as const)
            : ([
                ['A', 2],
                ['B', 1],
              ] as const);
        await outside.seat.createMany({ data: seats.map(([row, no]) => ({ tenantId, row, no, unitId: n + 1 })) });
        await outside.depot.create({ data: { tenantId, regionCode, code: 'X' } });
        await outside.shipment.create({ data: { tenantId, id: n + 1, regionCode, depotCode: 'X' } });
        await outside.zone.create({ data: { tenantId, code: `Z${n}` } });
        await outside.bin.create({ data: { tenantId, zoneCode: `Z${n}`, code: 'X' } });
        await outside.rack.create({ data: { tenantId, aisle: `Z${n}`, code: 'X' } });
        await outside.parcel.create({ data: { tenantId, id: n + 1, zoneCode: `Z${n}`, binCode: 'X', rackCode: 'X' } });
        await outside.parcel.create({ data: { tenantId, id: n + 2, zoneCode: `Z${n}`, binCode: 'X' } });
        await outside.parcel.create({ data: { tenantId, id: n + 3 } });
        await outside.preference.create({ data: { tenantId } });
        // One below the other, and beside them one by itself.
        const folders = [null, n + 1, n + 2, null].map((parentId, at) => ({ tenantId, id: n + at + 1, parentId }));
        await outside.folder.createMany({ data: folders });
        await outside.paper.createMany({
          data: [1, 2, 3, 4].map((id) => ({ tenantId, id: n + id, folderId: n + id })),
        });
        await outside.group.createMany({ data: [1, 2].map((id) => ({ tenantId, id: n + id, no: `k${id}` })) });
        const plans = [{ code: 'free' }, ...(n === 200 ? [{ code: 'paid' }] : [])];
        const links = { plans: { connect: plans }, friends: { connect: { id: n + 2 } } };
        await outside.group.update({ where: { id: n + 1 }, data: links });
      }
    },
    /** References of globex's rows to acme's unit 106, as no key without the tenant forbids. */
    plant: async () => {
      await outside.task.create({ data: { tenantId: globex.id, id: 290, unitId: 106 } });
      await outside.badge.create({ data: { tenantId: globex.id, id: 290, unitId: 106 } });
      await outside.unit.update({ where: { id: 206 }, data: { parentId: 106 } });
    },
  };
}

async function openPostgres(context: TenantContext, hasFloor: boolean) {
  const database = await createDatabase(inject('postgresUrl'));
  const client = (pool: pg.Pool) =>
    new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions: longTransactions });
  const outsidePool = new pg.Pool({ connectionString: database.url, max: 4 }).on('error', () => {});
  await outsidePool.query(await readFile(new URL('tables.sql', import.meta.url), 'utf8'));
  const outside = client(outsidePool);
  const role = `company_${randomBytes(6).toString('hex')}`;
  let floor: TenantPool | undefined;
  if (hasFloor) {
    const tables = TENANTS_OWN.map((name) => ({ name, tenantColumn: 'tenantId' }));
    const { sql } = compilePolicies({
      role,
      tables,
      shared: [...SHARED, ...LINKS].map((name) => ({ name })),
      database: database.name,
    });
    await outsidePool.query(sql);
    await outsidePool.query(
      `alter role ${role} login password 'company'; grant all on "Org", "Region", "Plan", "_GroupToPlan", "_Friends" to ${role}`,
    );
    const url = new URL(database.url);
    url.username = role;
    url.password = 'company';
    const isolation = rowLevelSecurity({ shared: [...SHARED, ...LINKS], tenantColumn: 'tenantId' });
    floor = createTenantPool({ connectionString: url.href, context, isolation, max: 4 });
    floor.on('error', () => {});
  }
  const pool = floor ?? new pg.Pool({ connectionString: database.url, max: 4 }).on('error', () => {});
  const inside = client(pool);
  const clients = [inside];
  const another = () => {
    const made = client(pool);
    clients.push(made);
    return made;
  };
  return {
    outside,
    inside,
    another,
    floor,
    stop: async () => {
      await Promise.all([...clients, outside].map((each) => each.$disconnect()));
      await pool.end();

      await outsidePool.end();
      await database.stop({ roles: hasFloor ? [role] : [] });
    },
  };
}

async function openSqlite() {
  const folder = await mkdtemp(join(tmpdir(), 'tenancy-company-'));
  const url = `file:${join(folder, 'company.db')}`;
  const clients: SqliteClient[] = [];
  const open = () => {
    const client = new SqliteClient({ adapter: new PrismaLibSql({ url }), transactionOptions: longTransactions });
    clients.push(client);
    return client;
  };
  const [outside, inside] = [open(), open()];
  const tables = await readFile(new URL('tables.sql', import.meta.url), 'utf8');
  for (const statement of tables.split(';\n')) {
    if (statement.trim() !== '') await outside.$executeRawUnsafe(statement);
  }
  return {
    // The same models: the two clients differ in their database alone.
    outside: outside as unknown as PrismaClient,
    inside: inside as unknown as PrismaClient,
    another: () => open() as unknown as PrismaClient,
    floor: undefined,
    stop: async () => {
      await Promise.all(clients.map((client) => client.$disconnect()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
