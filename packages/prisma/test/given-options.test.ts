import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AdminPrisma } from '../src/admin.js';
import { tenantScoped } from '../src/index.js';
import { PrismaClient } from './generated/client.js';

const context = new TenantContext();
const over = (...args: ConstructorParameters<typeof PrismaPg>) => new PrismaClient({ adapter: new PrismaPg(...args) });
const shared = ['Country'];
const refusal = (said: string) =>
  expect.objectContaining({ code: 'scope_misconfigured', message: expect.stringContaining(said) });

describe('a misspelt option is refused, with the name that is nearest', () => {
  const client = over({ host: 'db.test' });
  it.each([
    ['tenantScoped', { context, shared, writeable: [] }, '`writeable` is unknown. Did you mean `writable`?'],
    ['tenantScoped, by case', { context, shared, tenantfield: 'x' }, 'Did you mean `tenantField`?'],
    ['tenantScoped, any', { context, shared, logging: true }, '`logging` is unknown. Known: `context`, '],
  ])('%s', (_, options, said) => {
    expect(() => tenantScoped(client, options)).toThrow(refusal(said));
  });
  it('AdminPrisma', () => {
    expect(() => new AdminPrisma(client, { shared, adit: () => {} } as never)).toThrow(refusal('`adit` is unknown'));
  });
});

describe('a connection string that is not there is refused where the client is scoped', () => {
  beforeAll(() => {
    for (const name of ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGSERVICE']) vi.stubEnv(name, '');
  });
  afterAll(() => vi.unstubAllEnvs());
  const unset = { connectionString: undefined };
  it.each([
    ['in a configuration', over(unset as never)],
    ['as an empty text', over('')],
    ['as no text', over(undefined as never)],
    ['in a pool', over(new pg.Pool(unset as never))],
  ])('%s', (_, client) => {
    const said = refusal("of the client's adapter the option `connectionString` is");
    expect(() => tenantScoped(client, { context, shared })).toThrow(said);
    expect(() => new AdminPrisma(client, { shared })).toThrow(said);
  });
  it('is no fault where the place is said otherwise, or left to pg on purpose', () => {
    for (const client of [over({ ...unset, host: 'db.test' } as never), over({ user: 'x' }), over(new pg.Pool())]) {
      expect(() => tenantScoped(client, { context, shared })).not.toThrow();
    }
    const { provider, adapterName } = new PrismaPg({});
    const own = {
      provider: provider as 'postgres',
      adapterName,
      connect: () => new PrismaPg('postgres://db.test/app').connect(),
    };
    expect(() => tenantScoped(new PrismaClient({ adapter: own }), { context, shared })).not.toThrow();
    vi.stubEnv('PGHOST', 'db.test');
    expect(() => tenantScoped(over(unset as never), { context, shared })).not.toThrow();
  });
});
