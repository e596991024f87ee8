import type { Tenant } from '@tenancy/core';

/** The tenants that ask. */
export const tenants: readonly Tenant[] = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
  { id: 't_initech', slug: 'initech' },
];
