import type { Provider } from '@nestjs/common';
import { CachedTenantRegistry, type InMemoryTenant, TenantContext, TenantRegistry } from '@tenancy/core';
import { TenantAdmin, type TenantAuditEvent } from '@tenancy/core/admin';
import { TestTenantRegistry } from './test-tenant-registry.js';

/** Options of `tenancyTestProviders`. */
export interface TenancyTestOptions {
  /** The tenants that there are, or a registry of your own. */
  readonly tenants: readonly InMemoryTenant[] | TenantRegistry;
  /**
   * Is told what `TenantAdmin` does.
   * @defaultValue nobody is
   */
  readonly audit?: (event: TenantAuditEvent) => void | Promise<void>;
}

/**
 * The providers that `TenancyModule` exports, without its entrances: for a unit test of a service that injects `TenantContext`,
 * `TenantRegistry` or `TenantAdmin`.
 *
 * @example
 * ```ts
 * import { Inject, Injectable } from '@nestjs/common';
 * import { Test } from '@nestjs/testing';
 * import { TenantContext } from '@tenancy/core';
 * import { tenancyTestProviders, withTenant } from '@tenancy/testing';
 *
 * @Injectable()
 * class Greeter {
 *   constructor(@Inject(TenantContext) private readonly context: TenantContext) {}
 *   greet() {
 *     return `Hello ${this.context.current().slug}`;
 *   }
 * }
 *
 * const acme = { id: 't_acme', slug: 'acme' };
 * const module = await Test.createTestingModule({
 *   providers: [Greeter, ...tenancyTestProviders({ tenants: [acme] })],
 * }).compile();
 * const greeting = withTenant(acme, () => module.get(Greeter).greet()); // 'Hello acme'
 * ```
 */
export function tenancyTestProviders({ tenants, audit = () => {} }: TenancyTestOptions): Provider[] {
  const registry =
    tenants instanceof TenantRegistry ? tenants : isList(tenants) ? new TestTenantRegistry(tenants) : tenants;
  return [
    TenantContext,
    { provide: TenantRegistry, useValue: registry },
    { provide: CachedTenantRegistry, useFactory: () => new CachedTenantRegistry(registry, { ttl: 1, max: 1 }) },
    {
      provide: TenantAdmin,
      inject: [TenantRegistry],
      useFactory: (known: TenantRegistry) => new TenantAdmin(known, { audit }),
    },
  ];
}

// Narrows a readonly list, as `Array.isArray` does not.
const isList = (tenants: TenancyTestOptions['tenants']): tenants is readonly InMemoryTenant[] => Array.isArray(tenants);
