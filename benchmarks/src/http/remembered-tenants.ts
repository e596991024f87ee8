import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CachedTenantRegistry, type Tenant } from '@tenancy/core';
import { answer } from '../child.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of the heap for each of `count` tenants that were looked up and are remembered. */
answer(async (count) => {
  const tenants = count as number;
  // As a database answers: with an object of its own for each look-up.
  const registry = new CachedTenantRegistry(
    {
      findById: async () => null,
      findBySlug: async (slug): Promise<Tenant> => ({ id: `t_${slug}`, slug }),
    },
    { ttl: 3_600_000, max: tenants },
  );
  const before = heapUsed();
  for (let n = 0; n < tenants; n += 1) await registry.findBySlug(`company-${String(n).padStart(6, '0')}`);
  const bytes = (heapUsed() - before) / tenants;
  if (!(await registry.findBySlug('company-000000'))) throw new Error('it is not remembered');
  return Math.round(bytes);
});

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
