import type { Tenant } from '../tenant.js';

/** The answer of a source: exactly one name for the tenant. */
export type TenantHint = { readonly id: string } | { readonly slug: string } | { readonly domain: string };

/**
 * The application's list of tenants. Implement it over your own table; the class is also its injection token.
 *
 * Each look-up answers `null` for a tenant that does not exist, and throws when it cannot tell. It runs outside every
 * tenant's context, so over a tenant-scoped database it needs that database's admin client.
 *
 * @example
 * ```ts
 * import { type Tenant, TenantRegistry } from '@tenancy/core';
 *
 * class CompanyRegistry implements TenantRegistry {
 *   readonly #companies: readonly Tenant[] = [{ id: 't_acme', slug: 'acme' }];
 *   async findById(id: string): Promise<Tenant | null> {
 *     return this.#companies.find((company) => company.id === id) ?? null;
 *   }
 *   async findBySlug(slug: string): Promise<Tenant | null> {
 *     return this.#companies.find((company) => company.slug === slug) ?? null;
 *   }
 * }
 * ```
 */
export abstract class TenantRegistry {
  /** The tenant of this id, or null where there is none. One that cannot be asked throws: null means that nobody has the id. */
  abstract findById(id: string): Promise<Tenant | null>;
  /**
   * The tenant of this slug, or null where there is none. One that cannot be asked throws.
   * @param slug in lower case, and in Unicode where the host name was punycode.
   */
  abstract findBySlug(slug: string): Promise<Tenant | null>;
  /** Needed by `fromCustomDomain()`. @param domain a host name in lower case and punycode, without a port. */
  findByDomain?(domain: string): Promise<Tenant | null>;
  /**
   * The tenant that had this slug before it was renamed, with its slug of now. Asked where `findBySlug` knows none: `fromSubdomain` sends
   * a browser on to the new host.
   *
   * @param slug as of `findBySlug`.
   */
  findByFormerSlug?(slug: string): Promise<Tenant | null>;
  /** Every tenant, for work that visits all of them. */
  list?(): AsyncIterable<Tenant>;
  /**
   * Tells `changed` of each change of a tenant, with its id, or without one where any may have changed: the module forgets what its cache
   * knows, so that a suspension holds at once. Called at the start of an application, and never keeps the process alive.
   *
   * @returns what ends it, at the application's end.
   */
  watch?(changed: (id?: string) => void): () => void | Promise<void>;
}
