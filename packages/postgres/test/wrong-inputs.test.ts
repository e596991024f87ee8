import { expect, it } from 'vitest';
import * as admin from '../src/admin.js';
import * as changes from '../src/changes.js';
import * as examination from '../src/doctor.js';
import * as floor from '../src/index.js';
import { migrate } from '../src/migrations.js';
import * as tenants from '../src/tenants.js';

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

const JOB = { name: 'job' };
const NO_TABLE = [
  undefined,
  null,
  0,
  'job',
  true,
  [],
  {},
  { name: '' },
  { name: 'job', schema: 7 },
  { name: 'job', shema: 'x' },
];
const REFERENCES = { table: { name: 'place' }, columns: ['id'] };
const CHANGE = {
  connection: 'postgres://localhost/a',
  change: changes.addColumn({ table: JOB, column: 'a', type: 'int' }),
};
const ADOPT = {
  connection: 'postgres://localhost/a',
  tables: [{ name: 'job', value: 'firm' }],
  until: 'enforce',
  policies: { role: 'app' },
};
const PLACES = { servers: { main: { connection: 'postgres://localhost/a' } }, role: 'app', migrations: 'migrations' };
const MOVED = {
  directory: new tenants.TenantDirectory({ connection: 'postgres://localhost/a' }),
  places: tenants.tenantPlaces(PLACES),
  tenant: 'a',
};
const MOVES = [
  ['finishMove', tenants.finishMove, MOVED],
  ['abandonMove', tenants.abandonMove, MOVED],
  ['moveTenant', tenants.moveTenant, { ...MOVED, to: { server: 'main', kind: 'schema' } }],
] as const;
const PROVISION = {
  directory: new tenants.TenantDirectory({ connection: 'postgres://localhost/a' }),
  places: tenants.tenantPlaces(PLACES),
  tenant: { slug: 'acme' },
};
const DELETION = {
  directory: { get: () => {} },
  places: { connectionTo: () => {} },
  tenant: 't_acme',
};
const NO_CONNECTION_OPTION = [undefined, null, 0, '', true, [], () => {}, Symbol('one')];
const NO_REPLICAS = [
  ...[null, 0, 'postgres://localhost/a', true, {}, () => {}],
  ...NO_CONNECTION_OPTION.map((entry) => [entry]),
  [{ host: 'localhost', pipeline: true }],
];
const LIMITS = ['lockTimeout', 'statementTimeout', 'giveUpAfter', 'batchTime', 'maxShare', 'maxReplicationLag'];

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
      replicas: NO_FUNCTION,
      maxDatabases: [0, ...NO_COUNT],
      maxConnectionsPerDatabase: [0, ...NO_COUNT],
      idleTimeoutMillis: [0, 2 ** 31, ...NO_COUNT],
      acquireTimeoutMillis: [2 ** 31, ...NO_COUNT],
      setting: NO_NAME,
    },
  ),
  ...argument('reading', loose(floor.reading), [undefined, ...NO_FUNCTION]),
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
    'placedIsolation',
    loose(floor.placedIsolation),
    { servers: { main: 'postgres://localhost/app' } },
    {
      servers: [undefined, {}, { main: '' }, ...NO_OPTIONS],
      replicas: [...NO_OPTIONS, { other: [] }, ...NO_REPLICAS.map((list) => ({ main: list }))],
      place: NO_FUNCTION,
      sharedSchemas: NO_LIST,
      maxDatabases: [0, ...NO_COUNT],
      maxConnectionsPerServer: [0, ...NO_COUNT],
      maxConnectionsPerDatabase: [0, ...NO_COUNT],
      setting: NO_NAME,
      schemas: [[], ...NO_LIST],
      shared: NO_LIST,
      hidden: NO_LIST,
      tenantColumn: NO_NAME,
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
  ...options('change', loose(changes.change), CHANGE, {
    connection: [undefined, null, '', 0, true, () => {}, Symbol('one')],
    change: [undefined, null, 0, 'add column', true, {}, () => {}],
    name: NO_NAME,
    dryRun: [null, 0, 'x', {}],
    onProgress: NO_FUNCTION,
    signal: [null, 0, 'x', {}, new AbortController()],
    ...Object.fromEntries(LIMITS.map((limit) => [limit, [0, 2 ** 31, ...NO_NUMBER]])),
  }),
  ...options('adopt', loose(changes.adopt), ADOPT, {
    connection: [undefined, null, '', 0, true, () => {}, Symbol('one')],
    tables: [undefined, null, 0, 'job', {}, [], [null], ['job'], [{}], [{ name: 'job', through: 1 }], [{ name: '' }]],
    until: [undefined, null, 0, 'end', {}],
    tenantColumn: NO_NAME,
    type: [null, 0, 'json', {}],
    policies: [undefined, null, 0, 'app', {}, { role: 'app', tables: [] }],
    dropOldKeys: [null, 0, 'x', {}],
    dryRun: [null, 0, 'x', {}],
    onProgress: NO_FUNCTION,
    signal: [null, 0, 'x', {}, new AbortController()],
    ...Object.fromEntries(LIMITS.map((limit) => [limit, [0, 2 ** 31, ...NO_NUMBER]])),
  }),
  ...options(
    'abandonChange',
    loose(changes.abandonChange),
    { connection: 'postgres://localhost/a', name: 'x' },
    {
      connection: [undefined, null, '', 0],
      name: [undefined, ...NO_NAME],
    },
  ),
  ...options(
    'changeStatus',
    loose(changes.changeStatus),
    { connection: 'postgres://localhost/a' },
    {
      connection: [undefined, null, '', 0],
    },
  ),
  ...options(
    'addColumn',
    loose(changes.addColumn),
    { table: JOB, column: 'a', type: 'int' },
    {
      table: NO_TABLE,
      column: [undefined, ...NO_NAME],
      type: [undefined, ...NO_NAME],
      value: NO_NAME,
      default: NO_NAME,
      notNull: [null, 0, 'x'],
      keepTrigger: [null, 0, 'x'],
    },
  ),
  ...options(
    'dropTrigger',
    loose(changes.dropTrigger),
    { table: JOB, column: 'a' },
    {
      table: NO_TABLE,
      column: [undefined, ...NO_NAME],
      of: NO_NAME,
    },
  ),
  ...options(
    'createIndex',
    loose(changes.createIndex),
    { table: JOB, name: 'a', columns: ['b'] },
    {
      table: NO_TABLE,
      name: [undefined, ...NO_NAME],
      columns: [undefined, [], ...NO_LIST],
      expression: ['lower(b)', ...NO_NAME],
      unique: [null, 0, 'x'],
      where: NO_NAME,
      using: NO_NAME,
    },
  ),
  ...options(
    'addForeignKey',
    loose(changes.addForeignKey),
    { table: JOB, name: 'a', columns: ['b'], references: REFERENCES },
    {
      table: NO_TABLE,
      name: [undefined, ...NO_NAME],
      columns: [undefined, [], ['b', 'c'], ...NO_LIST],
      references: [undefined, ...NO_OPTIONS, { ...REFERENCES, table: 'job' }, { ...REFERENCES, columns: 'id' }],
      onDelete: [null, 0, 'drop'],
    },
  ),
  ...options(
    'changeType',
    loose(changes.changeType),
    { table: JOB, column: 'a', type: 'int' },
    {
      table: NO_TABLE,
      column: [undefined, ...NO_NAME],
      type: [undefined, ...NO_NAME],
      using: NO_NAME,
    },
  ),
  ...Object.entries({ renameColumn: changes.renameColumn, finishRename: changes.finishRename }).flatMap(
    ([name, call]) =>
      options(
        name,
        loose(call),
        { table: JOB, from: 'a', to: 'b' },
        {
          table: NO_TABLE,
          from: [undefined, 'x'.repeat(64), ...NO_NAME],
          to: [undefined, ...NO_NAME],
        },
      ),
  ),
  ...options(
    'TenantDirectory',
    (given) => new tenants.TenantDirectory(given as tenants.TenantDirectoryOptions),
    { connection: 'postgres://localhost/a' },
    {
      connection: NO_CONNECTION_OPTION,
      listen: NO_CONNECTION_OPTION.slice(1),
      schema: NO_NAME,
      reserved: NO_LIST,
      plans: NO_LIST,
      settings: [...NO_OPTIONS, {}],
      place: [
        ...NO_OPTIONS,
        {},
        { server: 'main', kind: 'table', name: null },
        { server: 'main', kind: 'schema', name: null },
      ],
      schemas: ['x'],
    },
  ),
  ...options(
    'deliverEvents',
    loose(PROVISION.directory.deliverEvents.bind(PROVISION.directory)),
    { consumer: 'a', handle: () => {} },
    {
      consumer: [undefined, ...NO_NAME],
      kinds: NO_LIST.filter((value) => value !== null),
      handle: [undefined, ...NO_FUNCTION],
      signal: [...NO_OPTIONS, {}],
      events: ['x'],
    },
  ),
  ...argument('tenantDirectorySql', loose(tenants.tenantDirectorySql), NO_NAME),
  ...MOVES.flatMap(([name, move, right]) =>
    options(name, loose(move), right, {
      directory: [undefined, ...NO_OPTIONS, {}],
      places: [undefined, ...NO_OPTIONS, {}, PLACES],
      tenant: [undefined, ...NO_NAME],
      signal: [null, 0, 'x', {}, new AbortController()],
      longestStop: [2],
      ...(name === 'moveTenant' && {
        to: [
          undefined,
          ...NO_OPTIONS,
          {},
          { server: 'main' },
          { server: '', kind: 'rows' },
          { server: 'main', kind: 'table' },
        ],
        longestStopMillis: [0, 2 ** 31, ...NO_COUNT],
        dryRun: [null, 0, 'x', {}],
        onProgress: NO_FUNCTION,
      }),
    }),
  ),
  ...options(
    'exportTenant',
    loose(tenants.exportTenant),
    { ...MOVED, file: 'a.zip' },
    {
      directory: [undefined, ...NO_OPTIONS, {}],
      places: [undefined, ...NO_OPTIONS, {}, PLACES],
      tenant: [undefined, ...NO_NAME],
      file: [undefined, ...NO_NAME],
      signal: [null, 0, 'x', {}, new AbortController()],
      onProgress: NO_FUNCTION,
      files: ['x'],
    },
  ),
  ...options(
    'importTenant',
    loose(tenants.importTenant),
    { directory: PROVISION.directory, places: PROVISION.places, file: 'a.zip' },
    {
      directory: [undefined, ...NO_OPTIONS, {}],
      places: [undefined, ...NO_OPTIONS, {}],
      file: [undefined, ...NO_NAME],
      tenant: [...NO_OPTIONS, { slug: 'acme', place: {} }, { status: 'active' }],
      at: [...NO_OPTIONS, { server: '' }, { kind: 'table' }, { name: 'x' }],
      digest: [...NO_NAME, 'x', 'A'.repeat(64)],
      dryRun: [null, 0, 'x', {}],
      signal: [...NO_OPTIONS, {}],
      onProgress: NO_FUNCTION,
      seed: [() => {}],
    },
  ),
  ...options('tenantPlaces', loose(tenants.tenantPlaces), PLACES, {
    servers: [
      undefined,
      {},
      { main: {} },
      { main: { connection: '' } },
      { main: 'postgres://localhost/a' },
      ...NO_OPTIONS,
    ],
    role: [undefined, ...NO_NAME],
    migrations: [undefined, null, 0, '', true, {}, [], () => {}, Symbol('one')],
    policies: NO_OPTIONS,
    shared: NO_LIST,
    schema: NO_FUNCTION,
    database: NO_FUNCTION,
    baseline: [...NO_OPTIONS, {}, { file: 'a.sql' }, { file: '', upTo: '1' }, { file: 'a.sql', upTo: '1', from: '0' }],
    server: ['x'],
  }),
  ...options(
    'abandonProvisioning',
    loose(tenants.abandonProvisioning),
    { directory: PROVISION.directory, places: PROVISION.places, slug: 'acme' },
    {
      directory: [undefined, ...NO_OPTIONS, {}],
      places: [undefined, ...NO_OPTIONS, {}],
      slug: [undefined, '', 7, null, {}],
    },
  ),
  ...Object.entries({ provisionTenant: tenants.provisionTenant, provisionPlan: tenants.provisionPlan }).flatMap(
    ([name, call]) =>
      options(name, loose(call), PROVISION, {
        directory: [undefined, ...NO_OPTIONS, {}],
        places: [undefined, ...NO_OPTIONS, {}],
        tenant: [undefined, ...NO_OPTIONS, { slug: 'acme', place: {} }, { slug: 'acme', status: 'active' }],
        at: [...NO_OPTIONS, { server: '' }, { kind: 'table' }, { name: 'x' }],
        seed: NO_FUNCTION,
        signal: [...NO_OPTIONS, {}],
        seeds: ['x'],
      }),
  ),
  ...Object.entries({ deleteTenant: tenants.deleteTenant, previewDeletion: tenants.previewDeletion }).flatMap(
    ([name, call]) =>
      options(name, loose(call), DELETION, {
        directory: [undefined, ...NO_OPTIONS, {}],
        places: [undefined, ...NO_OPTIONS, {}],
        tenant: [undefined, ...NO_NAME],
        also: [null, 0, 'cache', {}, [null], [{ name: 'cache' }], [{ remove: () => {} }]],
        keep: [...NO_OPTIONS, { 'public.job': '' }, { 'public.job': 1 }],
        settleMillis: [null, -1, 0.5, '1', Number.NaN],
        lockTimeoutMillis: [null, -1, 0.5, '1'],
        lockPatienceMillis: [null, -1, 0.5, '1'],
        signal: [null, 0, {}, 'now'],
        onProgress: NO_FUNCTION,
        tenants: ['x'],
      }),
  ),
  ...options(
    'diagnose',
    loose(examination.diagnose),
    { connection: 'postgres://localhost/a', role: 'app' },
    {
      connection: NO_CONNECTION_OPTION,
      application: NO_CONNECTION_OPTION.slice(1),
      role: [undefined, ...NO_NAME],
      setting: NO_NAME,
      schemas: [[], ...NO_LIST],
      tenantColumn: NO_NAME,
      tables: [...NO_LIST, ['job']],
      shared: NO_LIST,
      hidden: NO_LIST,
      largeTable: NO_COUNT,
      longTransactionMinutes: NO_COUNT,
      observedDays: NO_COUNT,
      for: [null, 0, 'mysql', true],
    },
  ),
  ...argument(
    'formatReport: format',
    (value) => loose(examination.formatReport)({ findings: [], shares: [], distribution: null }, value),
    [undefined, ...NO_NAME],
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
      replicas: NO_REPLICAS,
      reads: [
        ...NO_OPTIONS,
        ...NO_COUNT.flatMap((value) => [{ stalenessMillis: value }, { waitMillis: value }]),
        ...[0, ...NO_COUNT].flatMap((value) => [{ maxDatabases: value }, { maxConnectionsPerReplica: value }]),
        ...[null, '', 'wait', true, {}].map((whenBehind) => ({ whenBehind })),
        { stalenessMilis: 5 },
      ],
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
  const functions = Object.entries({ ...floor, ...admin, ...changes, ...tenants, ...examination }).filter(
    ([, value]) => typeof value === 'function',
  );
  // The errors are not built by an application, guards take anything, a blocker is one of ours, and a TenantPool is what createTenantPool makes.
  const others = /Error$|^TenantPool$|^namedBlocker$|^isTenantFenced$/;
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
