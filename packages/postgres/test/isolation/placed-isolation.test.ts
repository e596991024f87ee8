import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { Tenant } from '@tenancy/core';
import { createDatabase, type TestDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  compilePolicies,
  createTenantPool,
  placedIsolation,
  type TenantPlace,
  type TenantPool,
} from '../../src/index.js';

type Placed = Tenant & { readonly place: TenantPlace };

const role = `placed_${randomBytes(6).toString('hex')}`;
const storage = new AsyncLocalStorage<Tenant>();
const context = {
  isActive: () => storage.getStore() !== undefined,
  current: () => storage.getStore() as Tenant,
};
const databases: TestDatabase[] = [];
const [main, eu2, dedicated] = ['main', 'eu2', 'dedicated'].map((name) => ({
  name,
  admin: undefined as unknown as pg.Client,
  url: '',
}));
const pools: TenantPool[] = [];

const tenant = (id: string, place: TenantPlace): Placed => ({ id, slug: id, place });
const rows = (server: string): TenantPlace => ({ server, kind: 'rows', name: null });

beforeAll(async () => {
  for (const server of [main, eu2, dedicated] as { admin: pg.Client; url: string }[]) {
    const database = await createDatabase(inject('postgresUrl'));
    databases.push(database);
    server.admin = new pg.Client({ connectionString: database.url });
    await server.admin.connect();
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'placed'];
    server.url = url.href;
  }
  await main?.admin.query(`create role ${role} login password 'placed'`);
  for (const server of [main, eu2]) {
    await server?.admin.query(
      `create table job (tenant_id text not null, title text not null, primary key (tenant_id, title))`,
    );
    await server?.admin.query(compilePolicies({ role, tables: [{ name: 'job' }] }).sql);
    for (const id of ['a', 'b', 'c', 'd']) {
      await server?.admin.query(`insert into job values ($1, $2)`, [id, `${id} on ${server.name}`]);
    }
  }
  await main?.admin.query(`create schema tenant_s; grant usage on schema tenant_s to ${role}; create table tenant_s.job (title text);
    insert into tenant_s.job values ('s on main'); grant select, insert on tenant_s.job to ${role}`);
  await dedicated?.admin.query(
    `create table job (title text); insert into job values ('own'); grant select on job to ${role}`,
  );
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await main?.admin.query(`drop owned by ${role}`);
  await eu2?.admin.query(`drop owned by ${role}`);
  await dedicated?.admin.query(`drop owned by ${role}`);
  for (const server of [main, eu2, dedicated]) await server?.admin.end();
  const [first, ...others] = databases;
  await Promise.all(others.map((database) => database.stop()));
  await first?.stop({ roles: [role] });
});

function poolOver(servers: Readonly<Record<string, string>> = { main: main?.url ?? '', eu2: eu2?.url ?? '' }) {
  const pool = createTenantPool({
    connectionString: servers['main'] as string,
    context,
    max: 4,
    isolation: placedIsolation({ servers }),
  });
  pools.push(pool);
  const titles = (who: Tenant) =>
    storage.run(who, async () => (await pool.query('select title from job')).rows.map(({ title }) => title));
  return { pool, titles };
}

describe('placedIsolation', () => {
  it('finds each tenant in its own place, and nothing of others, with all of them at once', async () => {
    const { titles, pool } = poolOver();
    const own = new URL(dedicated?.url ?? '').pathname.slice(1);
    const cases: readonly (readonly [Placed, string])[] = [
      [tenant('a', rows('main')), 'a on main'],
      [tenant('b', rows('main')), 'b on main'],
      [tenant('c', rows('eu2')), 'c on eu2'],
      [tenant('d', rows('eu2')), 'd on eu2'],
      [tenant('s', { server: 'main', kind: 'schema', name: 'tenant_s' }), 's on main'],
      [tenant('o', { server: 'eu2', kind: 'database', name: own }), 'own'],
    ];
    const asked = Array.from({ length: 50 }, () => cases).flat();
    const found = await Promise.all(asked.map(([who]) => titles(who)));
    expect(found).toEqual(asked.map(([, title]) => [title]));
    // Two servers and a database, whose connections are bounded each.
    expect(pool.totalCount).toBeLessThanOrEqual(4 + 4 + 5 + 1);
  });

  it('finds a tenant that has moved with its next query', async () => {
    const { titles } = poolOver();
    expect(await titles(tenant('a', rows('main')))).toEqual(['a on main']);
    expect(await titles(tenant('a', rows('eu2')))).toEqual(['a on eu2']);
  });

  it('lets a server that is down fail its own tenants alone', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    silent.close();
    const down = Object.assign(new URL(eu2?.url ?? ''), { port: String(port) }).href;
    const { titles } = poolOver({ main: main?.url ?? '', eu2: down });
    const settled = await Promise.allSettled([titles(tenant('c', rows('eu2'))), titles(tenant('a', rows('main')))]);
    expect(settled).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: ['a on main'] }]);
  });

  it('G1: examines each server before a tenant beside others is let in there, and again after a fault', async () => {
    const { titles } = poolOver();
    await eu2?.admin.query('alter table job no force row level security, disable row level security');
    try {
      await expect(titles(tenant('c', rows('eu2')))).rejects.toMatchObject({ code: 'floor_unsafe' });
      expect(await titles(tenant('a', rows('main')))).toEqual(['a on main']);
    } finally {
      await eu2?.admin.query('alter table job enable row level security, force row level security');
    }
    expect(await titles(tenant('c', rows('eu2')))).toEqual(['c on eu2']);
  });

  it.each([
    ['has no place', { id: 'x', slug: 'x' }],
    ['names a server', tenant('x', rows('us1'))],
    ['names a server', tenant('x', rows('__proto__'))],
    ['has no `name`', tenant('x', { server: 'main', kind: 'schema', name: null })],
    ['belongs to everybody', tenant('x', { server: 'main', kind: 'schema', name: 'public' })],
    ['belongs to everybody', tenant('x', { server: 'main', kind: 'database', name: 'public' })],
    ['has no place', tenant('x', { server: 'main', kind: 'somewhere' as never, name: null })],
  ])('refuses a tenant that %s', async (why, who) => {
    await expect(poolOver().titles(who as Tenant)).rejects.toMatchObject({
      code: 'tenant_unplaceable',
      message: expect.stringContaining(why),
    });
  });

  it('gives no schema and no database to a second tenant, and none of them the database of all', async () => {
    const { titles } = poolOver();
    const schema: TenantPlace = { server: 'main', kind: 'schema', name: 'tenant_s' };
    expect(await titles(tenant('s', schema))).toEqual(['s on main']);
    await expect(titles(tenant('x', schema))).rejects.toMatchObject({ code: 'tenant_unplaceable' });
    const shared = new URL(eu2?.url ?? '').pathname.slice(1);
    expect(await titles(tenant('c', rows('eu2')))).toEqual(['c on eu2']);
    await expect(titles(tenant('x', { server: 'eu2', kind: 'database', name: shared }))).rejects.toMatchObject({
      code: 'tenant_unplaceable',
    });
  });

  it.each([
    [{}, /servers/],
    [{ servers: {} }, /servers/],
    [{ servers: { main: '' } }, /main/],
    [{ servers: { main: 'postgres://x/y' }, place: 'rows' }, /place/],
    [{ servers: { main: 'postgres://x/y' }, maxDatabases: 0 }, /maxDatabases/],
    [{ servers: { main: 'postgres://x/y' }, maxDatabase: 3 }, /maxDatabases/],
  ])('refuses the options %j', (options, message) => {
    expect(() => placedIsolation(options as never)).toThrow(message);
  });
});
