import { setTimeout as sleep } from 'node:timers/promises';
import { type InMemoryTenant, InMemoryTenantRegistry, type Tenant, TenantRegistry } from '@tenancy/core';

/** One look-up that a {@link TestTenantRegistry} was asked for. */
export interface Lookup {
  readonly by: 'id' | 'slug' | 'domain';
  readonly name: string;
}

/**
 * A registry that a test can change while the application runs: tenants come and go, are suspended, and the registry
 * itself fails or is slow. Register it with `cache: false`, or the application goes on with what it remembers.
 *
 * @throws `tenancy_misconfigured` when two tenants share an id, a slug or a domain.
 * @example
 * ```ts
 * import { fromSubdomain, TenancyModule } from '@tenancy/core';
 * import { TestTenantRegistry } from '@tenancy/testing';
 *
 * const registry = new TestTenantRegistry([{ id: 't_acme', slug: 'acme' }]);
 * TenancyModule.forRoot({ registry, cache: false, sources: [fromSubdomain({ baseDomain: 'localhost' })] });
 *
 * registry.suspend('t_acme'); // 403 tenant_inactive
 * registry.fail(); // 503 tenant_registry_unavailable
 * registry.recover();
 * ```
 */
export class TestTenantRegistry extends TenantRegistry {
  #tenants: readonly InMemoryTenant[] = [];
  #registry = new InMemoryTenantRegistry([]);
  #failure: Error | null = null;
  #delay = 0;
  readonly #lookups: Lookup[] = [];

  constructor(tenants: readonly InMemoryTenant[] = []) {
    super();
    this.#become(tenants);
  }

  /** Everything it was asked for, in order. */
  get lookups(): readonly Lookup[] {
    return this.#lookups;
  }

  /**
   * Adds a tenant, which the next look-up finds.
   * @throws `tenancy_misconfigured` when another tenant has its id, slug or one of its domains.
   */
  add(tenant: InMemoryTenant): void {
    this.#become([...this.#tenants, tenant]);
  }

  /**
   * Removes a tenant, which the next look-up no longer finds.
   * @throws Error for an id that it does not know.
   */
  remove(id: string): void {
    this.#find(id);
    this.#become(this.#tenants.filter((tenant) => tenant.id !== id));
  }

  /** Sets the tenant's status to `suspended`, for which requests are refused with `tenant_inactive`. */
  suspend(id: string): void {
    this.update(id, { status: 'suspended' });
  }

  /** Sets the tenant's status to `active`. */
  activate(id: string): void {
    this.update(id, { status: 'active' });
  }

  /** Gives the tenant other fields, another slug among them. */
  update(id: string, fields: Partial<Omit<InMemoryTenant, 'id'>>): void {
    const changed = { ...this.#find(id), ...fields } as InMemoryTenant;
    this.#become(this.#tenants.map((tenant) => (tenant.id === id ? changed : tenant)));
  }

  /** From now on every look-up throws `error`. */
  fail(error: Error = new Error('The registry was told to fail.')): void {
    this.#failure = error;
  }

  /** From now on every look-up takes `milliseconds` longer. */
  slow(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** Neither fails nor is slow any more. */
  recover(): void {
    this.#failure = null;
    this.#delay = 0;
  }

  /** The tenant of this id, or null, as `fail` and `slow` have it; the look-up is counted. */
  findById(id: string): Promise<Tenant | null> {
    return this.#ask({ by: 'id', name: id }, () => this.#registry.findById(id));
  }

  /** The tenant of this slug, or null, as `fail` and `slow` have it; the look-up is counted. */
  findBySlug(slug: string): Promise<Tenant | null> {
    return this.#ask({ by: 'slug', name: slug }, () => this.#registry.findBySlug(slug));
  }

  override findByDomain(domain: string): Promise<Tenant | null> {
    return this.#ask({ by: 'domain', name: domain }, () => this.#registry.findByDomain(domain));
  }

  override async *list(): AsyncIterable<Tenant> {
    await this.#endure();
    yield* this.#tenants;
  }

  async #ask(lookup: Lookup, answer: () => Promise<Tenant | null>): Promise<Tenant | null> {
    this.#lookups.push(lookup);
    await this.#endure();
    return answer();
  }

  async #endure(): Promise<void> {
    if (this.#delay > 0) await sleep(this.#delay);
    if (this.#failure) throw this.#failure;
  }

  #become(tenants: readonly InMemoryTenant[]): void {
    this.#registry = new InMemoryTenantRegistry(tenants);
    this.#tenants = [...tenants];
  }

  #find(id: string): InMemoryTenant {
    const tenant = this.#tenants.find((one) => one.id === id);
    if (!tenant) throw new Error(`TestTenantRegistry has no tenant with the id ${JSON.stringify(id)}. Add it first.`);
    return tenant;
  }
}
