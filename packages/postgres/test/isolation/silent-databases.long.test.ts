import { Socket } from 'node:net';
import { type Tenant, TenantContext } from '@tenancy/core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createTenantPool,
  databasePerTenant,
  isolationByTenant,
  rowLevelSecurity,
  type TenantPool,
} from '../../src/index.js';
import { acme, globex, initech, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openWireProxy, typeOf } from '../pool/wire-proxy.js';
import { openTenantDatabases, pause, titlesOf } from './database-fixture.js';
import { openSilentServer, type SilentServer } from './silent-server.js';

/** `AuthenticationCleartextPassword`, which a server that trusts everybody would not send. */
const ASKS_FOR_PASSWORD = Buffer.from('R\0\0\0\x08\0\0\0\x03', 'latin1');

describe('F7: a database that says nothing', () => {
  const context = new TenantContext();
  const databases = forAllTests(() => openTenantDatabases(3));
  let healthy: Tenant;
  let [one, two] = [] as unknown as [Tenant, Tenant];
  const servers: SilentServer[] = [];
  beforeAll(async () => {
    [healthy, one, two] = databases.tenants as [Tenant, Tenant, Tenant];
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  const silent = async (target?: string, greeting?: Buffer) => {
    const server = await openSilentServer(target, greeting);
    servers.push(server);
    return server;
  };
  const open = (connection: (tenant: Tenant) => unknown, options: object = {}, limits: object = {}) =>
    createTenantPool({
      context,
      isolation: databasePerTenant({
        connection: connection as () => string,
        maxDatabases: 2,
        acquireTimeoutMillis: 1_000,
        ...limits,
      }),
      ...options,
    });
  const titles = (pool: TenantPool, tenant: Tenant) =>
    context.run(tenant, async () => {
      const { rows } = await pool.query<{ title: string }>('select title from job order by title');
      return rows.map(({ title }) => title);
    });
  const outcome = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      (error: { code?: string }) => error.code ?? String(error),
    );

  /** A name whose look-up never ends. */
  const hangingName = () => {
    const socket = new Socket();
    const connect = socket.connect.bind(socket);
    socket.connect = ((port: number) =>
      connect({ port, host: 'db.internal', lookup: () => {} })) as typeof socket.connect;
    return socket;
  };

  it.each([
    ['accepts and says nothing', async () => (await silent()).url],
    ['has a name whose look-up hangs', async ({ slug }: Tenant) => ({ database: slug, stream: hangingName })],
    ['says nothing to a request for TLS', async () => ({ connectionString: (await silent()).url, ssl: true })],
    [
      'has a password that never comes',
      async () => ({
        ...fields((await silent(undefined, ASKS_FOR_PASSWORD)).url),
        password: () => new Promise<string>(() => {}),
      }),
    ],
  ])('%s: its callers are told in time, another tenant is served, and `end()` returns', async (_, make) => {
    const configs = new Map([
      [one.id, await make(one)],
      [two.id, await make(two)],
    ] as const);
    const pool = open((tenant) => configs.get(tenant.id) ?? databases.urlOf(tenant));
    const told = [one, two, one, two].map((tenant) => outcome(titles(pool, tenant)));
    const served = titles(pool, healthy);
    expect(await served).toEqual(titlesOf(healthy));
    expect(await Promise.all(told)).toEqual(Array(4).fill('database_unreachable'));
    expect(await titles(pool, healthy)).toEqual(titlesOf(healthy));
    await pool.end();
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([0, 0, 0]);
    while (servers.some(({ connections }) => connections > 0)) await pause(5);
  });

  it("twin: while the silent ones are asked again and again, the others' callers get their own rows and no errors", async () => {
    const { url } = await silent();
    const other = await silent();
    const pool = open((tenant) => ({ [one.id]: url, [two.id]: other.url })[tenant.id] ?? databases.urlOf(tenant));
    let asking = true;
    const stubborn = [one, two].map(async (tenant) => {
      const told = new Set<string>();
      while (asking) told.add(await outcome(titles(pool, tenant)));
      return [...told];
    });
    for (let round = 0; round < 5; round += 1) expect(await titles(pool, healthy)).toEqual(titlesOf(healthy));
    asking = false;
    for (const told of await Promise.all(stubborn)) expect(told).not.toContain('answered');
    await pool.end();
  });

  it('stops answering in the middle of queries: another tenant is served, and they are told', async () => {
    const [first, second] = [await silent(databases.urlOf(one)), await silent(databases.urlOf(two))];
    const pool = open(
      (tenant) => ({ [one.id]: first.url, [two.id]: second.url })[tenant.id] ?? databases.urlOf(tenant),
    );
    expect(await titles(pool, one)).toEqual(titlesOf(one));
    expect(await titles(pool, two)).toEqual(titlesOf(two));
    for (const server of servers) server.silence();
    const told = [one, two].map((tenant) => outcome(titles(pool, tenant)));
    expect(await titles(pool, healthy)).toEqual(titlesOf(healthy));
    const end = pool.end();
    expect(await Promise.all(told)).toEqual(['database_unreachable', 'database_unreachable']);
    await end;
  });

  it('a query that takes its time is not taken for silence', async () => {
    const pool = open((tenant) => databases.urlOf(tenant), {}, { maxDatabases: 1 });
    const long = outcome(context.run(one, () => pool.query('select pg_sleep(2.5)')));
    expect(await outcome(titles(pool, healthy))).toBe('tenant_databases_exhausted');
    const end = pool.end();
    expect(await long).toBe('answered');
    await end;
  });

  it('nor is a server that answers newcomers and lets them wait', async () => {
    const proxy = await openWireProxy(databases.urlOf(one));
    proxy.reply = (message, { index }) => (index === 0 || typeOf(message) === 'R' ? [message] : []);
    const pool = open(
      (tenant) => (tenant.id === one.id ? proxy.url : databases.urlOf(tenant)),
      {},
      { maxDatabases: 1 },
    );
    const long = outcome(context.run(one, () => pool.query('select pg_sleep(3)')));
    expect(await outcome(titles(pool, healthy))).toBe('tenant_databases_exhausted');
    expect(proxy.wires.length).toBeGreaterThan(1);
    expect(await long).toBe('answered');
    await pool.end();
    await proxy.stop();
  });

  it('a connection that is let in late is not given up where another one was let in', async () => {
    const proxy = await openWireProxy(databases.urlOf(one));
    const held: (() => void)[] = [];
    let isLetIn = false;
    proxy.reply = (message, { index, client }) => {
      if (index === 1 && !isLetIn) {
        held.push(() => client.write(message));
        return [];
      }
      // Somebody asks whether the server still answers: who waited for too long has been given up by now.
      if (index > 1 && !isLetIn) {
        isLetIn = true;
        setTimeout(() => {
          for (const deliver of held) deliver();
        }, 50);
      }
      return [message];
    };
    const pool = open(
      (tenant) => (tenant.id === one.id ? proxy.url : databases.urlOf(tenant)),
      {},
      { maxDatabases: 1, acquireTimeoutMillis: 5_000 },
    );
    const client = await context.run(one, () => pool.connect());
    const late = outcome(titles(pool, one));
    const other = outcome(titles(pool, healthy));
    expect(await late).toBe('answered');
    expect(isLetIn).toBe(true);
    client.release();
    expect(await other).toBe('answered');
    await pool.end();
    await proxy.stop();
  });

  it('is closed for another, and at the end, without waiting for its goodbye', async () => {
    const server = await silent(databases.urlOf(one));
    const pool = open(
      (tenant) => (tenant.id === one.id ? server.url : databases.urlOf(tenant)),
      {},
      { maxDatabases: 1 },
    );
    expect(await titles(pool, one)).toEqual(titlesOf(one));
    server.silence();
    expect(await titles(pool, healthy)).toEqual(titlesOf(healthy));
    while (server.connections > 0) await pause(5);
    await pool.end();
  });

  it("`end()` waits for a query of a tenant's database for as long as the server answers, and no longer", async () => {
    const server = await silent(databases.urlOf(one));
    const pool = open((tenant) => (tenant.id === one.id ? server.url : databases.urlOf(tenant)));
    expect(await titles(pool, one)).toEqual(titlesOf(one));
    server.silence();
    const told = outcome(titles(pool, one));
    const slow = outcome(context.run(healthy, () => pool.query('select pg_sleep(6)')));
    await pause(300);
    await pool.end();
    expect([await told, await slow]).toEqual(['database_unreachable', 'answered']);
  });

  it('`connection` that never answers is given up as well', async () => {
    const pool = open((tenant) => (tenant.id === one.id ? new Promise(() => {}) : databases.urlOf(tenant)));
    const told = outcome(titles(pool, one));
    expect(await titles(pool, healthy)).toEqual(titlesOf(healthy));
    expect(await told).toBe('tenant_unplaceable');
    await pool.end();
  });

  it('`connectionTimeoutMillis` holds for each database, and is the same error', async () => {
    const { url } = await silent();
    const pool = open(() => url, { connectionTimeoutMillis: 100 }, { acquireTimeoutMillis: 600_000 });
    await expect(titles(pool, one)).rejects.toMatchObject({ code: 'database_unreachable', message: /within 100 ms/ });
    await pool.end();
  });

  describe('of all tenants', () => {
    const database = forAllTests(openFloorDatabase);

    it('`connectionTimeoutMillis` holds for the start-up checks, and the next call looks again', async () => {
      const { url } = await silent();
      const pool = database.pool({ connectionString: url, connectionTimeoutMillis: 100 });
      await expect(pool.verify()).rejects.toThrow(/timeout/);
      await expect(database.context.run(acme, () => pool.query('select 1'))).rejects.toThrow(/timeout/);
      await pool.end();
    });

    it('`end()` returns while a connection is being opened, and while a query is under way', async () => {
      const opening = database.pool({ connectionString: (await silent()).url });
      const told = outcome(opening.verify());
      const server = await silent(database.url);
      const running = database.pool({ connectionString: server.url });
      await running.verify();
      server.silence();
      const client = await database.context.run(globex, () => running.connect());
      const query = outcome(client.query('select * from job').finally(() => client.release()));
      await Promise.all([opening.end(), running.end()]);
      expect([await told, await query]).toEqual(['database_unreachable', 'database_unreachable']);
    });

    it('beside one of its own: each is held up by nobody but itself', async () => {
      const { url } = await silent();
      const own = databasePerTenant({ connection: () => url, acquireTimeoutMillis: 300 });
      const usual = rowLevelSecurity({ shared: ['country'] });
      const pool = database.pool({
        isolation: isolationByTenant(usual, ({ id }) => (id === initech.id ? own : usual)),
      });
      const told = outcome(database.context.run(initech, () => pool.query('select 1')));
      const { rowCount } = await database.context.run(acme, () => pool.query('select * from job'));
      expect([rowCount, await told]).toEqual([10, 'database_unreachable']);
      await pool.end();
    });
  });
});

function fields(url: string) {
  const { hostname, port, username, pathname } = new URL(url);
  return { host: hostname, port: Number(port), user: username, database: pathname.slice(1) };
}
