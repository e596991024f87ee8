import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Tenant, TenantContext } from '@tenancy/core';
import { Client, type ClientConfig } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { databaseAddress } from '../../src/databases/database-address.js';
import { databaseConfig, inDatabase } from '../../src/databases/database-config.js';
import { createTenantPool, databasePerTenant, type Isolation, isolationByTenant } from '../../src/index.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openTenantDatabases, titlesOf } from './database-fixture.js';

describe('F6: where a database is, of what the pool and `connection` say', () => {
  const server = { host: 'db.internal', port: 6000, user: 'app', password: 'secret' };

  it.each([
    ["no server: the pool's own", server, { database: 'one' }, { ...server, database: 'one' }],
    [
      "no server: the pool's own, from its connection string, with its TLS",
      { connectionString: 'postgres://app:secret@db.internal:6000/shared?ssl=true' },
      { database: 'one' },
      { ...server, ssl: true, database: 'one' },
    ],
    [
      "another user: not with the pool's password",
      server,
      { database: 'one', user: 'one' },
      { host: 'db.internal', port: 6000, user: 'one', database: 'one' },
    ],
    ['another host: neither user nor password', server, { host: 'b', database: 'one' }, { host: 'b', database: 'one' }],
    [
      'a connection string: neither user nor password',
      server,
      { connectionString: 'postgres://b/one' },
      { connectionString: 'postgres://b/one' },
    ],
    [
      "options of its own come before the pool's, and `undefined` is none",
      { ...server, statement_timeout: 1, lock_timeout: 1, database: 'shared' },
      { host: 'b', database: 'one', statement_timeout: 2, lock_timeout: undefined },
      { host: 'b', database: 'one', statement_timeout: 2, lock_timeout: 1 },
    ],
  ])('%s', (_, pool, answer, expected) => {
    expect(databaseConfig(pool, answer as object)).toEqual(expected);
  });

  describe('through the pool', () => {
    const databases = forAllTests(() => openTenantDatabases(3));

    it("twin: each tenant is led to its own database on the pool's server, in turn", async () => {
      const context = new TenantContext();
      const [first] = databases.tenants;
      const pool = createTenantPool({
        connectionString: first && databases.urlOf(first),
        context,
        isolation: databasePerTenant({
          connection: (tenant) => ({ database: new URL(databases.urlOf(tenant)).pathname.slice(1) }),
        }),
      });
      const answers = Array.from({ length: 10 }, () => databases.tenants)
        .flat()
        .map(async (tenant) => {
          const { rows } = await context.run(tenant, () =>
            pool.query<{ title: string }>('select title from job order by 1'),
          );
          expect(rows.map(({ title }) => title)).toEqual(titlesOf(tenant));
        });
      await Promise.all(answers);
      await pool.end();
    });

    it.each([
      ['databasePerTenant', (own: Isolation) => own],
      ['isolationByTenant', (own: Isolation) => isolationByTenant(own, () => own)],
    ])('%s: `waitingCount` is of those who wait for a database, too', async (_, around) => {
      const context = new TenantContext();
      const [one, two] = databases.tenants as [Tenant, Tenant];
      const own = databasePerTenant({
        connection: (tenant) => databases.urlOf(tenant),
        maxDatabases: 1,
        maxConnectionsPerDatabase: 1,
        acquireTimeoutMillis: 600_000,
      });
      const pool = createTenantPool({
        connectionString: databases.urlOf(one),
        context,
        isolation: around(own),
        checks: { 'two-tenants': 'off' },
      });
      const held = await context.run(one, () => pool.connect());
      const waiting = [one, two, two].map((tenant) => context.run(tenant, () => pool.query('select 1')));
      await vi.waitFor(() => expect(pool.waitingCount).toBe(3), { timeout: 10_000 });
      held.release();
      await Promise.all(waiting);
      expect(pool.waitingCount).toBe(0);
      await pool.end();
    });

    it.each([
      [{ max: 2 }, {}, 2],
      [{ poolSize: 2 }, {}, 2],
      [{ max: 2 }, { maxConnectionsPerDatabase: 3 }, 3],
      [{}, {}, 5],
    ])('F6: %j of the pool and %j: so many connections to a database', async (size, own, expected) => {
      const [tenant] = databases.tenants as [Tenant];
      const context = new TenantContext();
      const isolation = databasePerTenant({ connection: (each) => databases.urlOf(each), ...own });
      const pool = createTenantPool({ connectionString: databases.urlOf(tenant), context, isolation, ...size });
      // Each waits for all that can be there at once.
      const ask = 'select pg_backend_pid() as pid, pg_sleep(0.3)';
      const asked = Array.from({ length: 7 }, () => context.run(tenant, () => pool.query<{ pid: number }>(ask)));
      const pids = (await Promise.all(asked)).map(({ rows }) => rows[0]?.pid);
      expect(new Set(pids).size).toBe(expected);
      await pool.end();
    });

    it.each([{ pipeline: true }, { Client: class {} }])('%j of an answer is refused by name', async (option) => {
      const [tenant] = databases.tenants;
      const context = new TenantContext();
      const connection = () => ({ connectionString: tenant && databases.urlOf(tenant), ...option }) as never;
      const pool = createTenantPool({ context, isolation: databasePerTenant({ connection }) });
      const query = context.run(tenant as never, () => pool.query('select 1'));
      await expect(query).rejects.toMatchObject({ code: 'tenant_unplaceable', message: /`Client` or `pipeline`/ });
      await pool.end();
    });
  });

  it('F7: after `end()` nothing keeps the process alive, silent databases or not', async () => {
    const program = `
      import { createServer } from 'node:net';
      import { TenantContext } from '@tenancy/core';
      import { createTenantPool, databasePerTenant } from '@tenancy/postgres';
      const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1', async () => {
        const { port } = server.address();
        server.unref();
        const context = new TenantContext();
        const connection = ({ slug }) => ({ host: '127.0.0.1', port, user: 'app', database: slug });
        const isolation = databasePerTenant({ connection, maxDatabases: 1, acquireTimeoutMillis: 300 });
        const pool = createTenantPool({ context, isolation });
        const ask = (slug) => context.run({ id: slug, slug }, () => pool.query('select 1')).catch(({ code }) => code);
        console.log(await Promise.all([ask('one'), ask('two')]));
        await pool.end();
        const since = performance.now();
        process.on('exit', () => console.log(performance.now() - since < 2000 ? 'at once' : 'late'));
      });`;
    const cwd = fileURLToPath(new URL('../../../typeorm', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd });
    expect(stdout).toMatch(/database_unreachable/);
    expect(stdout).toMatch(/at once/);
  });
});

const AT_HOST = { host: 'db.internal', port: 6000, user: 'app', password: 'secret' };
const ON_SOCKET = { host: '/run/pg', user: 'app' };

describe.each([
  ['a URL', { connectionString: 'postgres://app:secret@db.internal:6000/home?application_name=x' }, AT_HOST],
  ['options', { ...AT_HOST }, AT_HOST],
  ['a URL of a socket', { connectionString: 'socket://app@/run/pg?db=home' }, ON_SOCKET],
  ['a URL without a host', { connectionString: 'postgres://app@/home?host=/run/pg' }, ON_SOCKET],
  ['a path and a name', { connectionString: '/run/pg home', user: 'app' }, ON_SOCKET],
])('a server as %s', (_, config, read) => {
  it.each([
    ...['tenant_1', 'a$b', 'a@b+c,d;e=f&g:h', 'ünï "x" \\', 'a%b', 'a%24b'],
    ...['a/b', '/', 'a/../b', '..', '.', 'a?b', 'a#b', 'a/b?c#d&e=f', 'a%2Fb'],
  ])('leads to its database %s', (name) => {
    const other = inDatabase<ClientConfig>(config, name);
    expect(new Client(other)).toMatchObject({ ...read, database: name });
    expect(databaseAddress(other).split('\0').at(-1)).toBe(Buffer.from(name).toString('latin1'));
  });
});

it('keeps what a URL says beside the name of the database, where the name takes it apart', () => {
  const connectionString =
    'postgres://app:p%40ss@db.internal:6000/home?ssl=true&application_name=x&options=-c%20geqo%3Doff&statement_timeout=7';
  const { connectionParameters } = new Client(inDatabase({ connectionString, max: 3 } as ClientConfig, 'a/b')) as never;
  expect(connectionParameters).toMatchObject({
    ...{ database: 'a/b', host: 'db.internal', port: 6000, user: 'app', password: 'p@ss', ssl: true },
    ...{ application_name: 'x', options: '-c geqo=off', statement_timeout: '7' },
  });
  expect(inDatabase({ connectionString, max: 3 } as ClientConfig, 'a/b')).toMatchObject({ max: 3 });
});
