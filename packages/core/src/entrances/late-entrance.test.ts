import { expect, it } from 'vitest';
import type { TenantStore } from '../context/storage.js';
import { agree } from '../resolution/agreement.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import type { Tenant } from '../tenant.js';
import { identifyAfter } from './late-entrance.js';

const acme: Tenant = { id: 't_acme', slug: 'acme' };
const globex: Tenant = { id: 't_globex', slug: 'globex' };

const unidentified = (): TenantStore => {
  try {
    agree([]);
  } catch (refusal) {
    return { tenant: null, refusal: refusal as TenantStore['refusal'] };
  }
  throw new Error('not reached');
};
const answering = (tenant: Tenant) => ({ resolveAfter: async () => tenant }) as unknown as TenantResolver;
const identify = (tenant: Tenant, store: TenantStore) =>
  Promise.resolve(identifyAfter('guards', answering(tenant), { headers: {} }, store));

it('core-7: two resolvers of one operation that name two tenants at once: the request is refused', async () => {
  const store = unidentified();
  const first = identify(acme, store);
  const second = identify(globex, store);
  await first;
  await expect(second).rejects.toMatchObject({ code: 'tenant_mismatch' });
  expect(store).toMatchObject({ tenant: null, refusal: { code: 'tenant_mismatch' } });
  await expect(async () => identify(acme, store)).rejects.toMatchObject({ code: 'tenant_mismatch' });
});

it('two that name the same are one', async () => {
  const store = unidentified();
  await Promise.all([identify(acme, store), identify(acme, store)]);
  expect(store).toMatchObject({ tenant: acme, refusal: null });
});
