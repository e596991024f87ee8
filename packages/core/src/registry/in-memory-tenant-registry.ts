import { domainToASCII } from 'node:url';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { admit, canNameATenant, type Tenant } from '../tenant.js';
import { TenantRegistry } from './tenant-registry.js';

/** A tenant of an {@link InMemoryTenantRegistry}, with the custom domains it answers to. */
export type InMemoryTenant = Tenant & { readonly domains?: readonly string[] };

/**
 * Tenants known in advance, for tests and small installations.
 *
 * @throws `tenancy_misconfigured` when two tenants share an id, a slug or a domain, or one has none.
 */
export class InMemoryTenantRegistry extends TenantRegistry {
  readonly #byId = new Map<string, Tenant>();
  readonly #bySlug = new Map<string, Tenant>();
  readonly #byDomain = new Map<string, Tenant>();

  constructor(tenants: readonly InMemoryTenant[]) {
    super();
    for (const tenant of tenants) {
      const { id, slug, domains = [] } = tenant;
      claim(this.#byId, 'id', id, tenant);
      claim(this.#bySlug, 'slug', slug, tenant);
      for (const domain of domains) claim(this.#byDomain, 'domain', domainToASCII(domain), tenant);
    }
  }

  async findById(id: string): Promise<Tenant | null> {
    return this.#byId.get(id) ?? null;
  }

  async findBySlug(slug: string): Promise<Tenant | null> {
    return this.#bySlug.get(slug) ?? null;
  }

  override async findByDomain(domain: string): Promise<Tenant | null> {
    return this.#byDomain.get(domain) ?? null;
  }

  override async *list(): AsyncIterable<Tenant> {
    yield* this.#byId.values();
  }
}

function claim(names: Map<string, Tenant>, kind: string, name: string, tenant: Tenant): void {
  if (!canNameATenant(name)) {
    throw new TenancyConfigurationError(
      'InMemoryTenantRegistry',
      `a tenant has no usable ${kind}`,
      `Give each tenant a ${kind}: a non-empty string of at most 255 bytes.`,
    );
  }
  const key = kind === 'id' ? name : name.toLowerCase();
  if (names.has(key)) {
    throw new TenancyConfigurationError(
      'InMemoryTenantRegistry',
      `two tenants have the ${kind} ${JSON.stringify(key)}`,
      `Give each tenant a ${kind} of its own.`,
    );
  }
  names.set(key, admit(tenant));
}
