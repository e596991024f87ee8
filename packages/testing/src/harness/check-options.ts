import type { Tenant } from '@tenancy/core';
import { HarnessMisuseError } from '../misuse.js';
import type { IsolationHarnessOptions } from './harness-options.js';

/** @throws HarnessMisuseError for options with which nothing could be proven. */
export function checkedTenants(options: IsolationHarnessOptions): readonly Tenant[] {
  if (typeof options?.seed !== 'function') {
    throw new HarnessMisuseError(
      'there is no `seed`, so no tenant has rows that another could see.',
      'Pass `seed: async (tenant, { canary, client }) => ({ job: … })`.',
    );
  }
  const named = Object.entries(options.tenants ?? {});
  if (named.length < 2) {
    throw new HarnessMisuseError(
      `${named.length === 0 ? 'there are no tenants' : 'there is one tenant'}, and isolation is between two.`,
      'Pass `tenants: { acme, globex }`, as the registry knows them.',
    );
  }
  for (const key of ['id', 'slug'] as const) {
    const names = new Map<string, string>();
    for (const [name, tenant] of named) {
      const value = tenant?.[key];
      if (typeof value !== 'string' || value === '') {
        throw new HarnessMisuseError(`the tenant ${name} has no \`${key}\`.`, 'Pass tenants as the registry has them.');
      }
      const twin = names.get(value.toLowerCase());
      if (twin !== undefined) {
        throw new HarnessMisuseError(
          `the tenants ${twin} and ${name} have the same \`${key}\`: they are one tenant, which may see itself.`,
          'Pass two different ones.',
        );
      }
      names.set(value.toLowerCase(), name);
    }
  }
  for (const [name, { status }] of named) {
    if (status != null && status !== 'active') {
      throw new HarnessMisuseError(
        `the tenant ${name} is ${status}, so that everything it asks is refused.`,
        'Pass active tenants.',
      );
    }
  }
  return Object.freeze(named.map(([, tenant]) => tenant));
}
