import { type Tenant, TenantContext } from '@tenancy/core';

/**
 * Runs the body of a unit test as `tenant`. Not for tests that call the application: there, the context would stand in
 * for the one that the application has to find itself.
 *
 * @throws `tenant_switch_refused` inside another tenant's context.
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { withTenant } from '@tenancy/testing';
 *
 * const id = withTenant({ id: 't_acme', slug: 'acme' }, () => new TenantContext().tenantId); // 't_acme'
 * ```
 */
export function withTenant<R>(tenant: Tenant, body: () => R): R {
  return new TenantContext().run(tenant, body);
}
