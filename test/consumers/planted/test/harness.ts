import 'reflect-metadata';
import { createIsolationHarness, type IsolationHarness, signTestToken } from '@tenancy/testing';
import { AppModule, acme, globex, SECRET } from '../src/app.module.js';
import { createTables, database } from '../src/database.js';
import { Adapter } from './adapter.js';

export async function harness(): Promise<IsolationHarness> {
  await createTables();
  return createIsolationHarness(AppModule, {
    adapter: () => new Adapter(),
    tenants: { acme, globex },
    host: ({ slug }) => `${slug}.app.example.com`,
    signIn: (tenant) => signTestToken(tenant, { secret: SECRET, claims: { sub: 'user_1' } }),
    seed: async (tenant, { canary }) => {
      const title = canary('title');
      await database.query('insert into job (tenant_id, title) values (?, ?)', [tenant.id, title]);
      return { job: { title } };
    },
    rows: async (tenant) => ({ job: await database.query('select * from job where tenant_id = ?', [tenant.id]) }),
    clean: (tenant) => database.query('delete from job where tenant_id = ?', [tenant.id]),
  });
}
