import { type Tenant, TenantContext } from '@tenancy/core';
import { type PostgresServer, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createTenantPool,
  databasePerTenant,
  isolationByTenant,
  placedIsolation,
  reading,
  rowLevelSecurity,
  schemaPerTenant,
  type TenantPlace,
  type TenantPool,
  type TenantPoolOptions,
} from '../../src/index.js';
import { migrate } from '../../src/migrations.js';
import {
  deleteTenant,
  finishMove,
  moveTenant,
  type PlaceKind,
  provisionTenant,
  TenantDirectory,
  type TenantPlaces,
  tenantPlaces,
} from '../../src/tenants.js';
import { answeredBy, SETTINGS } from './replicated-database.js';
import { Standby } from './standby.js';

type Placed = Tenant & { readonly place: TenantPlace };

const NAMES = ['main', 'eu2'] as const;
const MIGRATION = `create table note (tenant_id text not null default current_setting('app.tenant_id'), id bigint generated always as identity,
  body text not null, primary key (tenant_id, id))`;
const ALL = 'select body, inet_server_port() as port from note';

const asApp = (url: string) => Object.assign(new URL(url), { username: 'app', password: 'app' }).href;
const portIn = (url: string) => Number(new URL(url).port);

describe('replicas of each strategy', () => {
  const servers = {} as Record<(typeof NAMES)[number], { primary: PostgresServer; replica: Standby }>;
  const context = new TenantContext();
  const pools: TenantPool[] = [];
  let directory: TenantDirectory;
  let places: TenantPlaces;

  beforeAll(async () => {
    for (const name of NAMES) {
      const primary = await startPostgres({ settings: SETTINGS });
      const client = new pg.Client({ connectionString: primary.url });
      await client.connect();
      await client.query(`create role app login password 'app'`);
      await client.end();
      servers[name] = { primary, replica: await Standby.of(primary.url) };
    }
    places = tenantPlaces({
      servers: Object.fromEntries(NAMES.map((name) => [name, { connection: servers[name].primary.url }])),
      role: 'app',
      migrations: { read: async () => [{ name: '1', sql: MIGRATION }] },
      policies: {},
    });
    for (const name of NAMES) {
      const connection = servers[name].primary.url;
      await migrate({ connection, migrations: places.migrations as never, policies: places.policies });
    }
    directory = new TenantDirectory({ connection: servers.main.primary.url });
    await directory.install();
  });

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  afterAll(async () => {
    await directory?.close();
    for (const { primary, replica } of Object.values(servers)) {
      await replica.stop();
      await primary.stop();
    }
  });

  function poolOf(options: Omit<TenantPoolOptions, 'context'>): TenantPool {
    const pool = createTenantPool({ connectionString: asApp(servers.main.primary.url), context, ...options });
    pools.push(pool);
    return pool;
  }

  const placed = (reads: TenantPoolOptions['reads'] = { waitMillis: 5_000 }) =>
    poolOf({
      isolation: placedIsolation({
        servers: Object.fromEntries(NAMES.map((name) => [name, asApp(servers[name].primary.url)])),
        replicas: Object.fromEntries(NAMES.map((name) => [name, [servers[name].replica.urlAs('app', 'app')]])),
      }),
      reads: reads ?? {},
    });

  async function provisioned(slug: string, server: string, kind: PlaceKind): Promise<Placed> {
    const { id } = await provisionTenant({
      ...{ directory, places, at: { server, kind }, tenant: { slug } },
      seed: async (client) => void (await client.query('insert into note (body) values ($1)', [`${slug} alone`])),
    });
    return (await directory.get(id)) as Placed;
  }

  const read = (pool: TenantPool, tenant: Tenant) =>
    context.run(tenant, () => reading(async () => (await pool.query(ALL)).rows));

  it('rows, schemas and databases on two servers, with all tenants at once, are read on the replica of their own server', async () => {
    const kinds: readonly PlaceKind[] = ['rows', 'rows', 'schema', 'schema', 'database', 'database'];
    const all: Placed[] = [];
    for (const [n, kind] of kinds.entries()) all.push(await provisioned(`all${n}`, NAMES[n % 2] as string, kind));
    const pool = placed();
    for (const tenant of all) {
      const { replica } = servers[tenant.place.server as 'main'];
      await context.run(tenant, () => answeredBy(pool, replica.port));
    }
    const asked = Array.from({ length: 20 }, () => all).flat();
    const found = await Promise.all(asked.map((tenant) => read(pool, tenant)));
    for (const [n, rows] of found.entries()) {
      const tenant = asked[n] as Placed;
      expect(rows).toHaveLength(1);
      const { primary, replica } = servers[tenant.place.server as 'main'];
      expect(rows[0].body).toBe(`${tenant.slug} alone`);
      expect([replica.port, portIn(primary.url)]).toContain(rows[0].port);
    }
  });

  it.each(['rows', 'schema', 'database'] as const)(
    'a tenant of %s that has moved is read in its new place, however far behind the replica of either server is',
    async (kind) => {
      const before = await provisioned(`moved-${kind}`, 'main', kind);
      const pool = placed({ waitMillis: 0, stalenessMillis: 60_000 });
      await context.run(before, () => answeredBy(pool, servers.main.replica.port));
      // What is known of the new server, and may be used for a minute, is from before the move.
      const there = await provisioned(`there-${kind}`, 'eu2', 'rows');
      await context.run(there, () => answeredBy(pool, servers.eu2.replica.port));
      await servers.eu2.replica.pause();
      try {
        await moveTenant({ directory, places, tenant: before.id, to: { server: 'eu2', kind: 'rows' } });
        const after = (await directory.get(before.id)) as Placed;
        expect(await read(pool, after)).toEqual([
          { body: `moved-${kind} alone`, port: portIn(servers.eu2.primary.url) },
        ]);
      } finally {
        await servers.eu2.replica.resume();
      }
      const after = (await directory.get(before.id)) as Placed;
      await context.run(after, () => answeredBy(pool, servers.eu2.replica.port));
      expect(await read(pool, after)).toMatchObject([{ body: `moved-${kind} alone` }]);
      await finishMove({ directory, places, tenant: before.id });
      // Who still holds the tenant of before finds what is there now, and no rows that were.
      const strict = placed();
      const old = await read(strict, before).catch((error: Error) => error);
      expect(old instanceof Error ? [] : old).toEqual([]);
    },
  );

  it('a tenant that was deleted reads nothing, on a replica neither', async () => {
    const tenant = await provisioned('deleted', 'main', 'rows');
    const pool = placed({ waitMillis: 0 });
    await context.run(tenant, () => answeredBy(pool, servers.main.replica.port));
    await servers.main.replica.pause();
    try {
      await directory.suspend(tenant.id);
      await deleteTenant({ directory, places, tenant: tenant.id });
      expect(await read(pool, tenant)).toEqual([]);
    } finally {
      await servers.main.replica.resume();
    }
  });

  it('schemaPerTenant is read on the replica in the own schema', async () => {
    const one = await provisioned('schema-one', 'main', 'schema');
    const two = await provisioned('schema-two', 'main', 'schema');
    const pool = poolOf({
      isolation: schemaPerTenant({ name: (tenant) => (tenant as Placed).place.name ?? '' }),
      replicas: [servers.main.replica.urlAs('app', 'app')],
      reads: { waitMillis: 5_000 },
      checks: { 'public-tables': 'off' },
    });
    for (const tenant of [one, two]) {
      await context.run(tenant, () => answeredBy(pool, servers.main.replica.port));
      expect(await read(pool, tenant)).toEqual([{ body: `${tenant.slug} alone`, port: servers.main.replica.port }]);
    }
  });

  it('databasePerTenant, and isolationByTenant beside rows, are read on the replica in the own database', async () => {
    const own = await provisioned('own-database', 'eu2', 'database');
    const other = await provisioned('other-database', 'eu2', 'database');
    const beside = await provisioned('beside', 'main', 'rows');
    const databases = databasePerTenant({
      connection: (tenant) =>
        Object.assign(new URL(asApp(servers.eu2.primary.url)), { pathname: `/${(tenant as Placed).place.name}` }).href,
      replicas: () => [servers.eu2.replica.urlAs('app', 'app')],
    });
    const pool = poolOf({
      isolation: isolationByTenant(rowLevelSecurity({ hidden: ['note_log'] }), (tenant) =>
        (tenant as Placed).place.kind === 'database' ? databases : undefined,
      ),
      replicas: [servers.main.replica.urlAs('app', 'app')],
      reads: { waitMillis: 5_000 },
    });
    for (const [tenant, server] of [
      [own, 'eu2'],
      [beside, 'main'],
      [other, 'eu2'],
    ] as const) {
      await context.run(tenant, () => answeredBy(pool, servers[server].replica.port));
      expect(await read(pool, tenant)).toMatchObject([{ body: `${tenant.slug} alone` }]);
    }
  });
});
