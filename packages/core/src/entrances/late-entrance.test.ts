import { expect, it } from 'vitest';
import type { Corridor } from '../context/storage.js';
import { agree } from '../resolution/agreement.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import type { Tenant } from '../tenant.js';
import { identifyAfter } from './late-entrance.js';

const acme: Tenant = { id: 't_acme', slug: 'acme' };
const globex: Tenant = { id: 't_globex', slug: 'globex' };

const unidentified = (): Corridor => {
  try {
    agree([]);
  } catch (refusal) {
    return { tenant: null, refusal: refusal as Corridor['refusal'] };
  }
  throw new Error('not reached');
};
const answering = (tenant: Tenant) => ({ resolveAfter: async () => tenant }) as unknown as TenantResolver;
const identify = (tenant: Tenant, corridor: Corridor) =>
  Promise.resolve(identifyAfter('guards', answering(tenant), { headers: {} }, corridor));

it('core-7: two resolvers of one operation that name two tenants at once: the request is refused', async () => {
  const corridor = unidentified();
  const first = identify(acme, corridor);
  const second = identify(globex, corridor);
  await first;
  await expect(second).rejects.toMatchObject({ code: 'tenant_mismatch' });
  expect(corridor).toMatchObject({ tenant: null, refusal: { code: 'tenant_mismatch' } });
  await expect(async () => identify(acme, corridor)).rejects.toMatchObject({ code: 'tenant_mismatch' });
});

it('two that name the same are one', async () => {
  const corridor = unidentified();
  await Promise.all([identify(acme, corridor), identify(acme, corridor)]);
  expect(corridor).toMatchObject({ tenant: acme, refusal: null });
});
