import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { compilePolicies, createTenantPool, readTables, rowLevelSecurity, type TenantPool } from '@tenancy/postgres';
import { AdminPool } from '@tenancy/postgres/admin';
import { migrate } from '@tenancy/postgres/migrations';
import { AdminPrisma } from '@tenancy/prisma/admin';
import { createTestDatabase, type MigratedDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { PrismaClient } from '../src/generated/client.js';
import { OfficesModule } from '../src/offices.module.js';
import { afterAll, beforeAll, describe, expect, it } from './runner.js';
import { type Sent, send } from './send.js';

const slugs = ['acme', 'globex'] as const;
const citiesOf = (slug: string) => [1, 2, 3].map((n) => `${slug}'s city ${n}`);
const roomsOf = (slug: string) => [1, 2, 3].map((n) => `${slug}'s room ${n}`);

const context = new TenantContext();
const isolation = rowLevelSecurity({ shared: ['country'] });
let database: MigratedDatabase;
let owner: pg.Client;
let role: string;

beforeAll(async () => {
  database = await createTestDatabase({ migrate: (url) => migrate({ connection: url, directory: 'migrations' }) });
  owner = new pg.Client(database.url);
  await owner.connect();
  role = `${database.name}_app`;
  const tables = await readTables(owner, { shared: ['country'] });
  await owner.query(compilePolicies({ role, database: database.name, ...tables }).sql);
  await owner.query(`alter role ${role} password 'packed'`);
});

afterAll(async () => {
  await owner.end();
  await database.stop({ roles: [role] });
});

function poolOf(url: string): TenantPool {
  return createTenantPool({ connectionString: url, context, isolation, max: 2 });
}

function urlOfRole(): string {
  return Object.assign(new URL(database.url), { username: role, password: 'packed' }).href;
}

describe('Prisma and raw SQL over a tenant pool', () => {
  let app: INestApplication;
  let pool: TenantPool;
  let ask: (sent: Sent) => ReturnType<typeof send>;
  const ids: Record<string, number> = {};

  beforeAll(async () => {
    pool = poolOf(urlOfRole());
    app = await NestFactory.create(OfficesModule.over(pool), { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address();
    ask = (sent) => send(port, sent);
    // In turn, so that the rows of both lie among each other.
    for (const n of [0, 1, 2]) {
      for (const slug of slugs) {
        const body = { city: citiesOf(slug)[n], room: roomsOf(slug)[n] };
        const answer = await ask({ method: 'POST', path: '/offices', slug, body });
        expect(answer.status).toBe(201);
        ids[slug] = (answer.body as { id: number }).id;
      }
    }
  });
  afterAll(async () => {
    await app.close();
    await pool.end();
  });

  it('reads own rows and their relations, and no others, in turn with the other tenant', async () => {
    await Promise.all(
      [...slugs, ...slugs, ...slugs].map(async (slug) => {
        const { status, body } = await ask({ path: '/offices', slug });
        const { offices } = body as { offices: { tenantId: string; city: string; rooms: { name: string }[] }[] };
        expect(status).toBe(200);
        expect(offices.map(({ city }) => city)).toEqual(citiesOf(slug));
        expect(offices.flatMap(({ rooms }) => rooms.map(({ name }) => name))).toEqual(roomsOf(slug));
        expect(offices.every(({ tenantId }) => tenantId === `t_${slug}`)).toBe(true);
      }),
    );
  });

  it('holds raw SQL without a condition to the tenant, in turn with the other', async () => {
    await Promise.all(
      [...slugs, ...slugs, ...slugs].map(async (slug) => {
        const rows = { cities: citiesOf(slug), rooms: roomsOf(slug), countries: [{ code: 'CH' }] };
        expect(await ask({ path: '/offices/raw', slug })).toEqual({ status: 200, body: rows });
      }),
    );
  });

  it('finds a row of the other tenant neither to read nor to write', async () => {
    const path = `/offices/${ids['globex']}`;
    const city = citiesOf('globex')[2];
    expect(await ask({ path, slug: 'globex' })).toEqual({ status: 200, body: { city } });
    expect((await ask({ path, slug: 'acme' })).status).toBe(404);
    for (const [slug, name, rows] of [
      ['acme', 'taken', 0],
      ['globex', city, 1],
    ] as const) {
      const answer = await ask({ method: 'POST', path: `${path}/rename`, slug, body: { city: name } });
      expect(answer).toEqual({ status: 201, body: { renamed: [rows, rows] } });
    }
    const { rows } = await owner.query('select city from office where id = $1', [ids['globex']]);
    expect(rows).toEqual([{ city }]);
  });

  it('refuses a reference to a row of the other tenant', async () => {
    const room = { method: 'POST', path: `/offices/${ids['globex']}/rooms`, body: { name: 'a room' } } as const;
    expect(await ask({ ...room, slug: 'acme' })).toEqual({ status: 201, body: { refused: 'P2003' } });
    const { rows } = await owner.query('select count(*)::int as rooms from room');
    expect(rows).toEqual([{ rooms: 6 }]);
  });

  it('throws outside of a tenant', async () => {
    await expect(pool.query('select * from office')).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });

  it("gives the admins one tenant's rows, or everybody's with a reason", async () => {
    const audit = () => {};
    const prisma = new AdminPrisma(new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) }), {
      shared: ['Country'],
      audit,
    });
    for (const slug of slugs) {
      const offices = await prisma.forTenant(`t_${slug}`).office.findMany({ orderBy: { id: 'asc' } });
      expect(offices.map(({ city }) => city)).toEqual(citiesOf(slug));
    }
    const reason = 'a consumer test';
    expect(await prisma.acrossTenants({ reason }, (client) => client.office.count())).toBe(6);
    await prisma.acrossTenants({ reason }, (client) => client.$disconnect());
    const admin = new AdminPool({ connectionString: database.url, audit });
    const count = await admin.acrossTenants({ reason }, (all) => all.query('select count(*)::int as n from office'));
    expect(count.rows).toEqual([{ n: 6 }]);
    await admin.end();
  });
});

it('does not start as a role that no policy holds', async () => {
  const pool = poolOf(database.url);
  await expect(pool.verify()).rejects.toMatchObject({ code: 'floor_unsafe' });
  await pool.end();
});
