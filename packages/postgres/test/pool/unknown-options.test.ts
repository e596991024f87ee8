import { expect, it } from 'vitest';
import {
  compilePolicies,
  createTenantPool,
  databasePerTenant,
  rowLevelSecurity,
  schemaPerTenant,
} from '../../src/index.js';

const context = { current: () => ({ id: 'a', slug: 'a' }), isActive: () => true };
const pool = (options: object) => createTenantPool({ context, isolation: rowLevelSecurity(), ...options } as never);

const UNKNOWN: readonly (readonly [string, () => unknown, string])[] = [
  ['rowLevelSecurity', () => rowLevelSecurity({ shard: [] } as never), '`shared`'],
  ['schemaPerTenant', () => schemaPerTenant({ nme: () => 'x' } as never), '`name`'],
  ['databasePerTenant', () => databasePerTenant({ connection: () => 'x', maxDatabase: 1 } as never), '`maxDatabases`'],
  ['compilePolicies', () => compilePolicies({ role: 'app', tables: [], view: [] } as never), '`views`'],
  ['policies of nothing', () => (compilePolicies as () => unknown)(), 'tables is not a list'],
  ['policies without tables', () => compilePolicies({ role: 'app' } as never), 'tables is not a list'],
  [
    'policies with a name for a list',
    () => compilePolicies({ role: 'app', tables: [{ name: 'job' }], shared: 'country' } as never),
    'shared is not a list',
  ],
  ['a column without a name', () => rowLevelSecurity({ tenantColumn: '' }), '`tenantColumn`'],
  ['a schema for a list', () => schemaPerTenant({ shared: 'public' } as never), '`shared`'],
  ['createTenantPool', () => pool({ chekcs: {} }), '`checks`'],
  ['checks, a name', () => pool({ checks: { 'temporary-table': 'off' } }), '`temporary-tables`'],
  ['checks, an answer', () => pool({ checks: { 'two-tenants': 'error' } }), '`two-tenants`'],
  ...['work_mem', 'x', 'role', 'search_path', 'App.Tenant', '', 7].flatMap((setting) => [
    [`setting ${setting} of rows`, () => rowLevelSecurity({ setting } as never), '`setting`'] as const,
    [`setting ${setting} of schemas`, () => schemaPerTenant({ setting } as never), '`setting`'] as const,
  ]),
];

it.each(UNKNOWN)('an option that is unknown or none is refused where it is given: %s', (_, build, named) => {
  let thrown: unknown;
  try {
    build();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'floor_misconfigured', message: expect.stringContaining(named) });
});

it("pg's own options, and those of a library in between, are taken", async () => {
  const made = pool({ max: 1, query_timeout: 5, ofAnotherLibrary: true, checks: { 'public-tables': 'off' } });
  await made.end();
  expect(made.ended).toBe(true);
});
