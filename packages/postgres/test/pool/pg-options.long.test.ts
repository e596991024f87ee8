import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import pg, { type PoolClient } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  databasePerTenant,
  type Isolation,
  isolationByTenant,
  rowLevelSecurity,
  schemaPerTenant,
  type TenantPool,
} from '../../src/index.js';
import { acme, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';

/** A pool with options of pg, and what can be seen of them from inside a tenant's context. */
interface Trial {
  /** How many connections the pool has of its own, beside those of the tenant's database. */
  readonly spare: number;
  open(options: object): TenantPool;
  connect(pool: TenantPool): Promise<PoolClient>;
  show(pool: TenantPool, setting: string): Promise<unknown>;
}

type Proof = (trial: Trial) => Promise<void>;

/** The option as the client that a tenant gets has it, where nothing else shows it. */
const seenAs =
  (options: object, see: (client: Inside) => unknown, expected: unknown): Proof =>
  async ({ open, connect }) => {
    const client = await connect(open(options));
    expect(see(client as Inside)).toBe(expected);
    client.release();
  };

type Inside = PoolClient & {
  readonly connection: { readonly stream: Socket; readonly [field: string]: unknown };
  readonly connectionParameters: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
};

const shows =
  (options: object, setting: string, expected: string): Proof =>
  async ({ open, show }) =>
    expect(await show(open(options), setting)).toBe(expected);

const fails =
  (options: object, message: RegExp): Proof =>
  async ({ open, connect }) => {
    const pool = open(options);
    await expect(connect(pool)).rejects.toThrow(message);
  };

const refused =
  (options: object): Proof =>
  async ({ open }) =>
    expect(() => open(options)).toThrow('floor_misconfigured');

const calls =
  (option: string, make: (called: () => void) => unknown): Proof =>
  async ({ open, connect }) => {
    let called = 0;
    const given = make(() => {
      called += 1;
    });
    const client = await connect(open({ [option]: given }));
    client.release();
    // The pool's own connection for the start-up checks is one; the tenant's is made after it.
    expect(called).toBeGreaterThan(0);
  };

/** Every connection that was given back is dropped. */
const drops =
  (options: object): Proof =>
  async ({ open, connect }) => {
    const pool = open(options);
    (await connect(pool)).release();
    await fallsTo(pool, 0);
  };

async function fallsTo(pool: TenantPool, count: number): Promise<void> {
  while (pool.totalCount > count) await new Promise((resolve) => pool.once('remove', resolve));
}

const hangingName = () => {
  const socket = new Socket();
  const dial = socket.connect.bind(socket);
  socket.connect = ((port: number) => dial({ port, host: 'db.internal', lookup: () => {} })) as typeof socket.connect;
  return socket;
};

const isFullWithOne =
  (options: object): Proof =>
  async ({ open, connect, spare }) => {
    const pool = open(options);
    const client = await connect(pool);
    const waiting = connect(pool);
    while (pool.waitingCount === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1 + spare, spare, 1]);
    client.release();
    (await waiting).release();
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1 + spare, 1 + spare, 0]);
  };

class OwnPromise<T> extends Promise<T> {}

const ADDRESS = 'says where the pool leads: see below';
const GLOBAL = 'no option: a default for the whole process';

const options: Readonly<Record<string, Proof | typeof ADDRESS | typeof GLOBAL>> = {
  connectionString: ADDRESS,
  host: ADDRESS,
  port: ADDRESS,
  user: ADDRESS,
  password: ADDRESS,
  database: ADDRESS,
  rows: GLOBAL,
  parseInputDatesAsUTC: GLOBAL,
  parseInt8: GLOBAL,
  connect_timeout: GLOBAL,
  keepalives: GLOBAL,
  keepalives_idle: GLOBAL,
  connection: GLOBAL,
  application_name: shows({ application_name: 'hiring' }, 'application_name', 'hiring'),
  fallback_application_name: shows({ fallback_application_name: 'hiring' }, 'application_name', 'hiring'),
  statement_timeout: shows({ statement_timeout: 54_321 }, 'statement_timeout', '54321ms'),
  lock_timeout: shows({ lock_timeout: 4_321 }, 'lock_timeout', '4321ms'),
  idle_in_transaction_session_timeout: shows(
    { idle_in_transaction_session_timeout: 54_321 },
    'idle_in_transaction_session_timeout',
    '54321ms',
  ),
  options: shows({ options: '-c work_mem=5MB' }, 'work_mem', '5MB'),
  client_encoding: seenAs(
    { client_encoding: 'utf8' },
    (client) => client.connectionParameters['client_encoding'],
    'utf8',
  ),
  keepAlive: seenAs({ keepAlive: true }, (client) => client.connection['_keepAlive'], true),
  keepAliveInitialDelayMillis: seenAs(
    { keepAlive: true, keepAliveInitialDelayMillis: 4_321 },
    (client) => client.connection['_keepAliveInitialDelayMillis'],
    4_321,
  ),
  enableChannelBinding: seenAs({ enableChannelBinding: true }, (client) => client['enableChannelBinding'], true),
  scramMaxIterations: seenAs({ scramMaxIterations: 200_000 }, (client) => client['scramMaxIterations'], 200_000),
  binary: seenAs({ binary: true }, (client) => client['binary'], true),
  Promise: seenAs({ Promise: OwnPromise }, (client) => client['_Promise'], OwnPromise),
  replication: fails({ replication: 'true' }, /replication|WAL sender/),
  ssl: fails({ ssl: true }, /does not support SSL/),
  sslnegotiation: fails({ ssl: true, sslnegotiation: 'direct' }, /^(?!.*does not support SSL)/),
  connectionTimeoutMillis: fails(
    { connectionTimeoutMillis: 50, stream: hangingName },
    /timeout|did not answer within 50 ms/,
  ),
  query_timeout: async ({ open, connect }) => {
    const client = await connect(open({ query_timeout: 2_000 }));
    await expect(client.query('select pg_sleep(60)')).rejects.toThrow('Query read timeout');
    client.release(true);
  },
  types: async ({ open, connect }) => {
    const types = { getTypeParser: () => () => 'parsed by the application' };
    const client = await connect(open({ types }));
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 'parsed by the application' }]);
    client.release();
  },
  stream: calls('stream', (called) => () => {
    called();
    return new Socket();
  }),
  log: calls('log', (called) => called),
  onConnect: calls('onConnect', (called) => called),
  verify: calls('verify', (called) => (_: unknown, done: () => void) => {
    called();
    done();
  }),
  Client: refused({ Client: pg.Client }),
  pipeline: refused({ pipeline: true }),
  max: isFullWithOne({ max: 1 }),
  poolSize: isFullWithOne({ poolSize: 1 }),
  min: async ({ open, connect, spare }) => {
    const pool = open({ min: 1, idleTimeoutMillis: 20 });
    for (const client of [await connect(pool), await connect(pool)]) client.release();
    await fallsTo(pool, 1 + spare);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([pool.totalCount, pool.idleCount]).toEqual([1 + spare, 1 + spare]);
  },
  idleTimeoutMillis: drops({ idleTimeoutMillis: 20 }),
  maxUses: drops({ maxUses: 1 }),
  maxLifetimeSeconds: drops({ maxLifetimeSeconds: 0.5 }),
  allowExitOnIdle: async ({ open, connect }) => {
    const client = (await connect(open({ allowExitOnIdle: true }))) as Inside;
    const { stream } = client.connection;
    client.release();
    expect((stream as unknown as { readonly _handle: { hasRef(): boolean } })._handle.hasRef()).toBe(false);
  },
};

/** Options that pg takes by its own account: in its typings, its defaults, and where its code reads them. */
function documented(): Set<string> {
  const resolve = createRequire(import.meta.url).resolve;
  const fromPg = createRequire(resolve('pg'));
  const source = (path: string) => readFileSync(path, 'utf8');
  const typings = source(
    createRequire(import.meta.url)
      .resolve('@types/pg/package.json')
      .replace('package.json', 'index.d.ts'),
  );
  const interfaces = /interface (?:ClientConfig|PoolConfig extends ClientConfig) \{([\s\S]*?)\n\}/g;
  const names = new Set(Object.keys(pg.defaults));
  const gather = (text: string, name: RegExp) => {
    for (const [, found] of text.matchAll(name)) if (found) names.add(found);
  };
  for (const [, body = ''] of typings.matchAll(interfaces)) gather(body, /^ {4}(\w+)\??:/gm);
  gather(source(fromPg.resolve('pg-pool')), /\boptions\.(\w+)/g);
  gather(source(fromPg.resolve('pg/lib/client')), /\bc\.(\w+)\b(?!\()/g);
  gather(source(fromPg.resolve('pg/lib/connection-parameters')), /\bval\('(\w+)'/g);
  return names;
}

describe('F6: every option of pg holds in every strategy, or is refused by name', () => {
  const database = forAllTests(openFloorDatabase);
  let elsewhere: string;
  beforeAll(async () => {
    elsewhere = database.url;
  });

  const shared = () => rowLevelSecurity({ shared: ['country'] });
  const dedicated = () => databasePerTenant({ connection: () => elsewhere });
  const beside = () => {
    const [usual, own] = [shared(), dedicated()];
    return isolationByTenant(usual, ({ id }) => (id === acme.id ? own : usual));
  };
  const strategies: Readonly<Record<string, () => Isolation>> = {
    rowLevelSecurity: shared,
    schemaPerTenant: () => schemaPerTenant(),
    databasePerTenant: dedicated,
    'isolationByTenant, a database of its own': beside,
    'isolationByTenant, the usual one': () => isolationByTenant(shared(), () => undefined),
  };

  it('the list below is the whole of what pg takes', () => {
    expect([...documented()].filter((name) => !(name in options))).toEqual([]);
    expect(Object.keys(options).filter((name) => !documented().has(name))).toEqual([]);
  });

  describe.each(Object.entries(strategies))('%s', (strategy, isolation) => {
    const proofs = Object.entries(options).filter((entry): entry is [string, Proof] => typeof entry[1] === 'function');
    it.each(proofs)('%s', async (_, prove) => {
      const pools: TenantPool[] = [];
      const connect = (pool: TenantPool) => database.context.run(acme, () => pool.connect());
      try {
        await prove({
          spare: strategy.endsWith('a database of its own') ? 1 : 0,
          open: (given) => {
            const checks = { 'two-tenants': 'off', 'public-tables': 'off', 'temporary-tables': 'off' } as const;
            const pool = database.pool({ isolation: isolation(), checks, ...given });
            pools.push(pool);
            return pool;
          },
          connect,
          show: async (pool, setting) => {
            const client = await connect(pool);
            const { rows } = await client.query(`show ${setting}`);
            client.release();
            return rows[0]?.[setting];
          },
        });
      } finally {
        await Promise.all(pools.map((pool) => pool.end()));
      }
    });
  });
});
