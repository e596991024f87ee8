import { TenantContext } from '@tenancy/core';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AdminDataSource } from '../src/admin.js';
import { classifyEntities, tenantDataSourceFactory, tenantScoped } from '../src/index.js';
import { TenantTypeOrmModule } from '../src/nest.js';

const context = new TenantContext();
const Job = new EntitySchema({
  name: 'Job',
  columns: { id: { type: String, primary: true }, tenantId: { type: String } },
});
const source = (more: object) => new DataSource({ type: 'postgres', entities: [Job], ...more } as DataSourceOptions);
const refusal = (said: string) =>
  expect.objectContaining({ code: 'scope_misconfigured', message: expect.stringContaining(said) });

/** The function that Nest would call for the options of a module. */
const moduleOptions = (options: object) => {
  const { imports = [] } = TenantTypeOrmModule.forRoot(options as never);
  const [
    {
      imports: [core],
    },
  ] = imports as never as [{ imports: [{ providers: { useFactory?: () => unknown }[] }] }];
  return core.providers.find(({ useFactory }) => useFactory)?.useFactory?.();
};

describe('a misspelt option is refused, with the name that is nearest', () => {
  it.each<[string, () => unknown, string]>([
    [
      'tenantScoped',
      () => tenantScoped(source({ url: 'postgres://db.test/x' }), { context, tenantProprety: 'x' } as never),
      '`tenantProprety` is unknown. Did you mean `tenantProperty`?',
    ],
    ['tenantDataSourceFactory', () => tenantDataSourceFactory({ share: [] } as never), 'Did you mean `shared`?'],
    [
      'classifyEntities',
      () => classifyEntities(source({ host: 'db.test' }), { tenantproperty: 'x' } as never),
      'Did you mean `tenantProperty`?',
    ],
    [
      'AdminDataSource',
      () => new AdminDataSource({ isInitialized: true } as never, { audt: () => {} } as never),
      '`audt` is unknown',
    ],
  ])('%s', (_, make, said) => {
    expect(make).toThrow(refusal(said));
  });

  it('TenantTypeOrmModule, beside the options of TypeORM', async () => {
    const given = { type: 'postgres', host: 'db.test', entities: [Job], schema: 'x', synchronize: false, name: 'y' };
    await expect(moduleOptions({ ...given, share: ['Country'] })).rejects.toThrow(refusal('Did you mean `shared`?'));
    await expect(moduleOptions({ ...given, shared: ['Country'] })).resolves.toMatchObject(given);
  });
});

describe('a url that is not there is refused where the data source is scoped', () => {
  beforeAll(() => {
    for (const name of ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGSERVICE']) vi.stubEnv(name, '');
  });
  afterAll(() => vi.unstubAllEnvs());

  it.each([
    ['undefined', { url: undefined }],
    ['empty', { url: '' }],
  ])('%s', async (what, given) => {
    const said = refusal(`the option \`url\` is ${what}`);
    expect(() => tenantScoped(source(given), { context })).toThrow(said);
    await expect(
      tenantDataSourceFactory()({ type: 'postgres', ...given, entities: [Job] } as DataSourceOptions),
    ).rejects.toThrow(said);
  });

  it('is no fault where the place is said otherwise, or left to pg on purpose', () => {
    for (const given of [
      { url: undefined, host: 'db.test' },
      { url: undefined, extra: { connectionString: 'postgres://db.test/x' } },
      { url: undefined, extra: { host: '/run/postgresql' } },
      { url: undefined, replication: { master: { url: 'postgres://db.test/x' }, slaves: [] } },
      { url: undefined, database: 'x' },
      {},
    ]) {
      expect(() => tenantScoped(source(given), { context })).not.toThrow();
    }
  });
});
