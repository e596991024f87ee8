import { setTimeout as sleep } from 'node:timers/promises';
import { type Tenant, TenantContext } from '@tenancy/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenantPool, placedIsolation, type TenantPool } from '../../src/index.js';
import { migrate } from '../../src/migrations.js';
import {
  finishMove,
  isTenantFenced,
  moveTenant,
  type PlaceKind,
  provisionTenant,
  TenantDirectory,
  type TenantPlaces,
  tenantPlaces,
} from '../../src/tenants.js';
import { RestartedServer } from './restarted-server.js';

/** Tenants and queries; `FOUR_SERVERS=200,20000` for the whole run. */
const [TENANTS = 24, QUERIES = 2_000] = (process.env['FOUR_SERVERS'] ?? '').split(',').filter(Boolean).map(Number);
const MOVES = Math.max(4, Math.floor(TENANTS / 10));
const WORKERS = 16;
const [PER_SERVER, PER_DATABASE, DATABASES] = [6, 2, 10];

const NAMES = ['main', 'eu2', 'eu3', 'eu4'] as const;
/** The server that is stopped for a while. No tenant is moved from it or to it. */
const STOPPED = 'eu4';
const KINDS: readonly PlaceKind[] = ['rows', 'rows', 'schema', 'database'];

const MIGRATION = `create table note (tenant_id text not null default current_setting('app.tenant_id'), id bigint generated always as identity,
  body text not null, primary key (tenant_id, id))`;

describe('four servers', () => {
  const servers = new Map<string, RestartedServer>();
  const watchers = new Map<string, pg.Client>();
  const context = new TenantContext();
  let directory: TenantDirectory;
  let places: TenantPlaces;
  let pool: TenantPool;
  const ids: string[] = [];

  beforeAll(async () => {
    for (const name of NAMES) servers.set(name, await RestartedServer.start());
    const urls = Object.fromEntries([...servers].map(([name, { url }]) => [name, url]));
    for (const [name, url] of Object.entries(urls)) {
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => {});
      await client.connect();
      await client.query(`create role app login password 'app'`);
      watchers.set(name, client);
    }
    places = tenantPlaces({
      servers: Object.fromEntries(Object.entries(urls).map(([name, connection]) => [name, { connection }])),
      role: 'app',
      migrations: { read: async () => [{ name: '1', sql: MIGRATION }] },
      policies: {},
    });
    for (const connection of Object.values(urls)) {
      await migrate({ connection, migrations: places.migrations as never, policies: places.policies });
    }
    directory = new TenantDirectory({ connection: urls['main'] as string });
    await directory.install();
    for (let n = 0; n < TENANTS; n += 1) {
      const at = { server: NAMES[n % 4] as string, kind: KINDS[Math.floor(n / 4) % 4] as PlaceKind };
      const { id } = await provisionTenant({
        ...{ directory, places, at, tenant: { slug: `t${n}` } },
        seed: async (client, tenant) => {
          await client.query(`insert into note (body) select $1 || ' ' || n from generate_series(1, 5) n`, [tenant.id]);
        },
      });
      ids.push(id);
    }
    const asApp = (url: string) => Object.assign(new URL(url), { username: 'app', password: 'app' }).href;
    pool = createTenantPool({
      connectionString: asApp(urls['main'] as string),
      context,
      max: PER_SERVER,
      isolation: placedIsolation({
        servers: Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, asApp(url)])),
        ...{ maxDatabases: DATABASES, maxConnectionsPerServer: PER_SERVER, maxConnectionsPerDatabase: PER_DATABASE },
      }),
    });
  });

  afterAll(async () => {
    await pool?.end();
    await directory?.close();
    for (const client of watchers.values()) await client.end().catch(() => {});
    await Promise.all([...servers.values()].map((server) => server.stop()));
  });

  it(`${TENANTS} tenants see their own rows alone in ${QUERIES} queries, while some are moved and a server is stopped and started`, async () => {
    const written = new Map<string, number>(ids.map((id) => [id, 5]));
    const moving = new Set<string>();
    const faults: string[] = [];
    const [seen, most] = [{ queries: 0, fenced: 0, down: 0, afterwards: 0 }, new Map<string, number>()];
    let [isDown, isBack, isOver] = [false, false, false];

    const one = async (id: string, n: number): Promise<void> => {
      const tenant = (await directory.get(id)) as Tenant & { place: { server: string } };
      const wasDown = isDown;
      seen.queries += 1;
      try {
        const rows = await context.run(tenant, async () => {
          if (n % 3 === 0) {
            await pool.query('insert into note (body) values ($1)', [`${id} ${n}`]);
            written.set(id, (written.get(id) ?? 0) + 1);
          }
          return (await pool.query('select tenant_id, body from note')).rows;
        });
        const foreign = rows.filter((row) => row.tenant_id !== id || !row.body.startsWith(`${id} `));
        if (foreign.length > 0 || rows.length < 5) faults.push(`${foreign.length} foreign of ${rows.length} rows`);
        if (tenant.place.server === STOPPED && isBack) seen.afterwards += 1;
      } catch (error) {
        if (isTenantFenced(error) && moving.has(id)) seen.fenced += 1;
        else if (tenant.place.server === STOPPED && (wasDown || isDown)) seen.down += 1;
        else faults.push(`${tenant.place.server}, ${isDown}: ${(error as Error).message}`);
      }
    };

    const asked = Promise.all(
      Array.from({ length: WORKERS }, async (_, worker) => {
        for (let n = worker; seen.queries < QUERIES || !isOver; n += WORKERS) {
          await one(ids[(n * 7919) % ids.length] as string, n);
          if (seen.queries >= QUERIES) await sleep(20);
        }
      }),
    );

    const counted = (async () => {
      while (!isOver) {
        let open = 0;
        for (const [name, client] of watchers) {
          const found = await client
            .query(
              `select coalesce(datname, '') as datname, count(*)::int from pg_stat_activity where usename = 'app' group by 1`,
            )
            .catch(() => ({ rows: [] }));
          for (const { datname, count } of found.rows) {
            const key = datname === 'postgres' ? name : 'a database';
            most.set(key, Math.max(most.get(key) ?? 0, count));
          }
          open += found.rows.length;
        }
        most.set('open', Math.max(most.get('open') ?? 0, open));
        await sleep(50);
      }
    })();

    const stopped = (async () => {
      await sleep(500);
      isDown = true;
      await servers.get(STOPPED)?.halt();
      await sleep(2_000);
      await servers.get(STOPPED)?.revive();
      // Who was still waiting for a connection may be told so until then.
      await sleep(1_000);
      [isDown, isBack] = [false, true];
    })();

    const movable = ids.filter((_, n) => NAMES[n % 4] !== STOPPED).slice(0, MOVES);
    const stops: number[] = [];
    for (const [n, tenant] of movable.entries()) {
      const to = { server: NAMES[(n + 1) % 3] as string, kind: KINDS[(n + 2) % 4] as PlaceKind };
      const { place } = await directory.get(tenant);
      if (place.server === to.server && place.kind === to.kind) to.server = NAMES[(n + 2) % 3] as string;
      moving.add(tenant);
      const { stopMillis } = await moveTenant({ directory, places, tenant, to });
      stops.push(stopMillis);
      await sleep(100);
      await finishMove({ directory, places, tenant });
    }
    await stopped;
    await sleep(500);
    isOver = true;
    await Promise.all([asked, counted]);

    expect(faults).toEqual([]);
    expect(seen.down).toBeGreaterThan(0);
    expect(seen.afterwards).toBeGreaterThan(0);
    for (const name of NAMES) expect(most.get(name) ?? 0).toBeLessThanOrEqual(PER_SERVER);
    expect(most.get('a database') ?? 0).toBeLessThanOrEqual(PER_DATABASE);
    // Connections of a database that was just closed for another's may not have gone yet.
    expect(most.get('open') ?? 0).toBeLessThanOrEqual(DATABASES + 2);
    const lost: string[] = [];
    for (const id of ids) {
      const tenant = (await directory.get(id)) as Tenant;
      const { rows } = await context.run(tenant, () => pool.query('select count(*)::int as n from note'));
      const count = written.get(id) ?? 0;
      // Whoever was cut off cannot know whether its row was written.
      if (rows[0].n < count || (rows[0].n !== count && NAMES[ids.indexOf(id) % 4] !== STOPPED))
        lost.push(`${rows[0].n} of ${count}`);
    }
    expect(lost).toEqual([]);
    if (process.env['FOUR_SERVERS']) {
      const longest = Math.max(...stops);
      process.stdout.write(
        `${JSON.stringify({ tenants: TENANTS, ...seen, moves: stops.length, longest, ...Object.fromEntries(most) })}\n`,
      );
    }
  });
});
