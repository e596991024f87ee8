import { TenantContext } from '@tenancy/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AdminPool } from '../../src/admin.js';
import { examine } from '../../src/doctor/examine.js';
import {
  compilePolicies,
  createTenantPool,
  databasePerTenant,
  policyDrift,
  readTables,
  rowLevelSecurity,
} from '../../src/index.js';
import { migrate } from '../../src/migrations.js';
import { acme, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';

const database = forAllTests(openFloorDatabase);
afterAll(() => vi.unstubAllEnvs());

const context = new TenantContext();
const pool = (more: object) => createTenantPool({ context, isolation: rowLevelSecurity(), ...more } as never);
const doctor = { setting: 'app.tenant_id', schemas: ['public'], shared: ['country'], tenantColumn: 'tenant_id' };
const job = { role: 'app', tables: [{ name: 'job' }] };

describe('a misspelt option is refused, with the name that is nearest', () => {
  it.each<[string, () => unknown, string]>([
    ['createTenantPool', () => pool({ maxx: 2 }), '`maxx` is unknown. Did you mean `max`?'],
    ['createTenantPool, by case', () => pool({ connectionstring: 'x' }), 'Did you mean `connectionString`?'],
    ['createTenantPool, ours', () => pool({ check: {} }), 'Did you mean `checks`?'],
    ['createTenantPool, a timeout', () => pool({ statementTimeout: 5 }), 'Did you mean `statement_timeout`?'],
    ['AdminPool', () => new AdminPool({ hots: 'x' } as never), '`hots` is unknown. Did you mean `host`?'],
    ['AdminPool, ours', () => new AdminPool({ audti: () => {} } as never), 'Did you mean `audit`?'],
    ['readTables', () => readTables(database.outside, { share: ['x'] } as never), 'Did you mean `shared`?'],
    ['readTables, any', () => readTables(database.outside, { logging: 1 } as never), '`logging` is unknown. Known: '],
    [
      'readTables, in a list',
      () => readTables(database.outside, { shared: [{ name: 'country', writeable: true }] } as never),
      'readTables: shared: the option `writeable` is unknown. Did you mean `writable`?',
    ],
    [
      'compilePolicies, in a list',
      () => compilePolicies({ role: 'app', tables: [{ name: 'job', tenantColum: 'org' }] } as never),
      'compilePolicies: tables: the option `tenantColum` is unknown. Did you mean `tenantColumn`?',
    ],
    [
      'policyDrift',
      () => policyDrift(database.outside, { ...job, adminrole: 'a' } as never),
      'Did you mean `adminRole`?',
    ],
    [
      'rowLevelSecurity, in a list',
      () => rowLevelSecurity({ hidden: [{ name: 'x', shema: 'y' }] } as never),
      'Did you mean `schema`?',
    ],
    ['examine', () => examine(database.outside, { ...doctor, tenantcolumn: 'x' } as never), '`tenantColumn`?'],
    ['migrate', () => migrate({ connecton: 'x', directory: 'y' } as never), 'Did you mean `connection`?'],
  ])('%s', async (_, make, said) => {
    await expect(async () => make()).rejects.toMatchObject({
      code: 'floor_misconfigured',
      message: expect.stringContaining(said),
    });
  });

  it('nothing that pg, pg-pool or pg-native reads is refused, nor what another library has beside it', async () => {
    const read = [
      ...Object.keys(pg.defaults),
      ...[
        'stream',
        'connection',
        'types',
        'Promise',
        'keepAlive',
        'keepAliveInitialDelayMillis',
        'enableChannelBinding',
      ],
      ...['scramMaxIterations', 'sslNegotiation', 'sslmode', 'replication', 'encoding', 'nativeConnectionString'],
      ...['min', 'poolSize', 'maxUses', 'maxLifetimeSeconds', 'allowExitOnIdle', 'log', 'verify', 'onConnect'],
      ...['connectionTimeoutMillis'],
      // Of TypeORM, Knex, Sequelize and postgres.js, where one configuration serves several.
      ...['type', 'client', 'entities', 'synchronize', 'logging', 'url', 'username', 'schema', 'extra', 'dialect'],
      ...['connectionLimit', 'idle_timeout', 'acquireTimeoutMillis', 'max_lifetime', 'prepare', 'charset', 'timezone'],
    ];
    for (const option of read) {
      // Undefined is what pg takes for left out.
      const made = pool({
        connectionString: database.url,
        ...(option !== 'connectionString' && { [option]: undefined }),
      });
      await made.end();
      await new AdminPool({
        connectionString: database.url,
        ...(option !== 'connectionString' && { [option]: undefined }),
      }).end();
    }
    expect(
      await readTables(database.outside, { shared: [{ name: 'country', note: 'ISO 3166' } as never] }),
    ).toMatchObject({
      shared: [{ name: 'country' }],
    });
  });
});

describe('a connection string that is not there is refused where it is given', () => {
  beforeAll(() => {
    for (const name of ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGSERVICE']) vi.stubEnv(name, '');
  });
  const unset = { connectionString: undefined };

  it.each<[string, () => unknown, string]>([
    ['createTenantPool', () => pool(unset), 'createTenantPool: the option `connectionString` is undefined'],
    ['createTenantPool, empty', () => pool({ connectionString: '' }), '`connectionString` is empty'],
    [
      'createTenantPool, with a user',
      () => pool({ ...unset, user: 'app' }),
      'localhost as the user of the operating system',
    ],
    ['AdminPool', () => new AdminPool(unset as never), 'AdminPool: the option `connectionString` is undefined'],
    ['migrate', () => migrate({ connection: undefined as never, directory: '.' }), 'migrate: the option'],
    ['migrate, a configuration', () => migrate({ connection: unset as never, directory: '.' }), 'migrate: the option'],
  ])('%s', async (_, make, said) => {
    await expect(async () => make()).rejects.toMatchObject({
      code: 'floor_misconfigured',
      message: expect.stringContaining(said),
    });
  });

  it('databasePerTenant: a name alone, on a server that nobody named', async () => {
    const nowhere = createTenantPool({
      ...(unset as object),
      context,
      isolation: databasePerTenant({ connection: () => ({ database: 'acme' }) }),
    });
    await expect(context.run(acme, () => nowhere.query('select 1'))).rejects.toThrow('`connectionString` is undefined');
    await nowhere.end();
  });

  it('is no fault where the place is said otherwise, or left to pg on purpose', async () => {
    const { hostname: host, port, username: user, password, pathname } = new URL(database.url);
    const said = { host, port: Number(port), user, password, database: pathname.slice(1) };
    for (const options of [{ ...unset, ...said }, { ...unset, database: 'x' }, {}, { user: 'x' }]) {
      await pool(options).end();
      await new AdminPool(options as never).end();
    }
    const named = createTenantPool({
      ...unset,
      ...said,
      context,
      isolation: rowLevelSecurity({ shared: ['country'] }),
    } as never);
    expect((await context.run(acme, () => named.query('select * from job'))).rowCount).toBe(10);
    await named.end();
    const each = createTenantPool({
      ...(unset as object),
      context,
      isolation: databasePerTenant({ connection: () => database.url }),
    });
    expect((await context.run(acme, () => each.query('select 1 from job'))).rowCount).toBe(10);
    await each.end();
    vi.stubEnv('PGHOST', host);
    await pool(unset).end();
    vi.stubEnv('PGHOST', '');
  });
});
