import { expect, it } from 'vitest';
import * as admin from '../src/admin.js';
import * as floor from '../src/index.js';
import { migrate } from '../src/migrations.js';

/** As from JavaScript, or from a configuration that nobody checked. */
type Loose = (...given: unknown[]) => unknown;

const loose = (fn: unknown) => fn as Loose;

const context = { current: () => ({ id: 'a', slug: 'a' }), isActive: () => true };
const connection = {
  query: (): Promise<never> => Promise.reject(new Error('the database was asked')),
};
const isolation = floor.rowLevelSecurity();
const policies = { role: 'app', tables: [{ name: 'job' }] };
const doctor = { setting: 'app.tenant_id', schemas: ['public'], shared: [], tenantColumn: 'tenant_id' };
const isolated = floor.databasePerTenant({ connection: () => 'postgres://localhost/a' });
const pool = new admin.AdminPool({ host: 'localhost' });

const NO_NUMBER = [Number.NaN, -1, 'x', '', true, {}, [], () => {}, Symbol('one')];
const NO_COUNT = [...NO_NUMBER, null, Number.POSITIVE_INFINITY, 1.5, '5'];
const NO_DELAY = [...NO_NUMBER, Number.POSITIVE_INFINITY, 2 ** 31];
const NO_FUNCTION = [null, 0, 'x', true, {}, []];
const NO_LIST = [null, 0, 'job', '', true, {}, () => {}, Symbol('one'), [null], [7], [Symbol('one')], ['']];
const NO_NAME = [null, 0, '', true, {}, [], () => {}, Symbol('one')];
const NO_OPTIONS = [null, 0, 'x', true, [], () => {}, Symbol('one')];
const NO_CONNECTION = [undefined, null, 0, 'postgres://localhost/app', {}, [], { query: 'select 1' }];

/** One argument: each of the values, by itself. */
const argument = (name: string, call: Loose, wrong: readonly unknown[]) => [[name, call, wrong] as const];

/** Options that are right but for one. */
const options = (name: string, call: Loose, right: object, wrong: Readonly<Record<string, readonly unknown[]>>) => [
  ...argument(`${name}: options`, call, NO_OPTIONS),
  ...Object.entries(wrong).map(
    ([option, values]) =>
      [`${name}: ${option}`, (value: unknown) => call({ ...right, [option]: value }), values] as const,
  ),
];

const DELAYS = {
  idleTimeoutMillis: NO_DELAY,
  connectionTimeoutMillis: NO_DELAY,
  statement_timeout: NO_DELAY,
  lock_timeout: NO_DELAY,
  query_timeout: NO_DELAY,
  idle_in_transaction_session_timeout: NO_DELAY,
};
const POOL = { max: NO_NUMBER, min: NO_NUMBER, maxUses: NO_NUMBER, maxLifetimeSeconds: NO_DELAY, ...DELAYS };

const lists = { tables: [undefined, ...NO_LIST], shared: NO_LIST, views: NO_LIST, hidden: NO_LIST };
const POLICIES = { role: [undefined, ...NO_NAME], adminRole: NO_NAME.slice(1), setting: NO_NAME, ...lists };

const WRONG = [
  ...options(
    'databasePerTenant',
    loose(floor.databasePerTenant),
    { connection: () => 'x' },
    {
      connection: [undefined, ...NO_FUNCTION],
      maxDatabases: [0, ...NO_COUNT],
      maxConnectionsPerDatabase: [0, ...NO_COUNT],
      idleTimeoutMillis: [0, 2 ** 31, ...NO_COUNT],
      acquireTimeoutMillis: [2 ** 31, ...NO_COUNT],
      setting: NO_NAME,
    },
  ),
  ...options(
    'schemaPerTenant',
    loose(floor.schemaPerTenant),
    {},
    {
      name: NO_FUNCTION,
      shared: NO_LIST,
      setting: NO_NAME,
    },
  ),
  ...options(
    'rowLevelSecurity',
    loose(floor.rowLevelSecurity),
    {},
    {
      setting: NO_NAME,
      schemas: [[], ...NO_LIST],
      shared: NO_LIST,
      hidden: NO_LIST,
      tenantColumn: NO_NAME,
    },
  ),
  ...argument('isolationByTenant: usual', (value) => loose(floor.isolationByTenant)(value, () => undefined), [
    undefined,
    ...NO_FUNCTION,
  ]),
  ...argument('isolationByTenant: choose', (value) => loose(floor.isolationByTenant)(isolation, value), [
    undefined,
    ...NO_FUNCTION,
  ]),
  ...argument('readTables: connection', loose(floor.readTables), NO_CONNECTION),
  ...options(
    'readTables',
    (given) => loose(floor.readTables)(connection, given),
    {},
    {
      schemas: NO_LIST,
      tenantColumn: NO_NAME,
      shared: NO_LIST,
      hidden: NO_LIST,
    },
  ),
  ...argument('examine: connection', (value) => loose(floor.examine)(value, doctor), NO_CONNECTION),
  ...argument('examine: no options', loose(floor.examine), [connection]),
  ...argument('examine: rules', (value) => loose(floor.examine)(connection, doctor, value), [
    null,
    'views',
    {},
    [null],
    ['views'],
  ]),
  ...options('examine', (given) => loose(floor.examine)(connection, given), doctor, {
    setting: [undefined, ...NO_NAME],
    schemas: [undefined, ...NO_LIST],
    shared: [undefined, ...NO_LIST],
    writable: NO_LIST,
    hidden: NO_LIST,
    tenantColumn: [undefined, ...NO_NAME.filter((value) => value !== '')],
  }),
  ...options('compilePolicies', loose(floor.compilePolicies), policies, POLICIES),
  ...argument('policyDrift: connection', (value) => loose(floor.policyDrift)(value, policies), NO_CONNECTION),
  ...options('policyDrift', (given) => loose(floor.policyDrift)(connection, given), policies, POLICIES),
  ...argument('migrate: nothing', loose(migrate), [undefined]),
  ...options(
    'migrate',
    loose(migrate),
    { connection: 'postgres://localhost/a', directory: 'migrations' },
    {
      connection: [undefined, null, '', 0, true, () => {}, Symbol('one')],
      directory: [undefined, ...NO_NAME, new URL('https://localhost/migrations')],
    },
  ),
  ...argument('createTenantPool: nothing', loose(floor.createTenantPool), [undefined]),
  ...options(
    'createTenantPool',
    loose(floor.createTenantPool),
    { context, isolation: isolated },
    {
      context: [undefined, ...NO_FUNCTION],
      isolation: [undefined, ...NO_FUNCTION],
      checks: NO_OPTIONS.filter((value) => value !== null),
      ...POOL,
    },
  ),
  ...argument(
    'AdminPool: nothing',
    (given) => new (admin.AdminPool as never as new (given: unknown) => unknown)(given),
    [undefined],
  ),
  ...options(
    'AdminPool',
    (given) => new admin.AdminPool(given as admin.AdminPoolOptions),
    { host: 'localhost' },
    { audit: NO_FUNCTION, ...POOL },
  ),
  ...argument('acrossTenants: reason', (value) => loose(pool.acrossTenants.bind(pool))(value, () => 1), [
    undefined,
    ...NO_OPTIONS,
    ...NO_NAME.map((reason) => ({ reason })),
  ]),
  ...argument('acrossTenants: work', (value) => loose(pool.acrossTenants.bind(pool))({ reason: 'a test' }, value), [
    undefined,
    ...NO_FUNCTION,
  ]),
];

it.each(WRONG)('what is wrong is refused by an error that says what, why and the fix: %s', async (_, call, values) => {
  const unclear: unknown[] = [];
  for (const value of values) {
    const thrown: unknown = await Promise.resolve()
      .then(() => call(value))
      .then(
        () => 'nothing was refused',
        (error: unknown) => error,
      );
    const { code, message = '' } = thrown as { code?: string; message?: string };
    // A sentence that says what is wrong, and one that says what to do.
    const isClear =
      /^(floor_misconfigured|tenancy_misconfigured)$/.test(code ?? '') && /[^.]\. [A-Z].*\.$/s.test(message);
    if (!isClear) unclear.push([value, thrown]);
  }
  expect(unclear).toEqual([]);
});

it('every function and class that is public is among those that are given what is wrong', () => {
  const asked = new Set(WRONG.map(([name]) => name.split(':')[0]));
  const functions = Object.entries({ ...floor, ...admin }).filter(([, value]) => typeof value === 'function');
  // The errors are not built by an application, a guard takes anything, and a TenantPool is what createTenantPool makes.
  const others = /Error$|^TenantPool$/;
  expect(functions.map(([name]) => name).filter((name) => !asked.has(name) && !others.test(name))).toEqual([]);
});

it('what pg itself takes for a number is taken', async () => {
  for (const value of [0, 5, '5', null, undefined, false]) {
    const made = loose(floor.createTenantPool)({ context, isolation: isolated, max: 2, statement_timeout: value });
    await (made as floor.TenantPool).end();
  }
  await (
    loose(floor.createTenantPool)({
      context,
      isolation: isolated,
      max: Number.POSITIVE_INFINITY,
      checks: null,
    }) as floor.TenantPool
  ).end();
});
