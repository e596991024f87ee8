import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { slips } from '../errors/known-options.js';
import { domainName } from '../host-name.js';
import { admit, type Tenant } from '../tenant.js';
import { isUsableTenantId } from '../tenant-id.js';
import { TenantRegistry } from './tenant-registry.js';

/** A tenant of an {@link InMemoryTenantRegistry}, with the custom domains it answers to, and slugs that it had before. */
export type InMemoryTenant = Tenant & {
  readonly domains?: readonly string[] | undefined;
  readonly formerSlugs?: readonly string[] | undefined;
};

/**
 * Tenants known in advance, for tests and small installations.
 *
 * @throws `tenancy_misconfigured` when two tenants share an id, a slug or a domain, or one has none.
 */
export class InMemoryTenantRegistry extends TenantRegistry {
  readonly #byId = new Map<string, Tenant>();
  readonly #bySlug = new Map<string, Tenant>();
  readonly #byDomain = new Map<string, Tenant>();
  readonly #byFormerSlug = new Map<string, Tenant>();

  constructor(tenants: readonly InMemoryTenant[]) {
    super();
    if (!Array.isArray(tenants)) throw wrong('is not given a list', 'Pass `[{ id, slug }, …]`.');
    for (const tenant of tenants) {
      checkFields(tenant);
      const { id, slug, domains = [] } = tenant;
      claim(this.#byId, 'id', id, tenant);
      claim(this.#bySlug, 'slug', slug, tenant);
      for (const domain of domains) claim(this.#byDomain, 'domain', usable(domain), tenant);
      for (const former of tenant.formerSlugs ?? []) claim(this.#byFormerSlug, 'former slug', former, tenant);
    }
  }

  /** The tenant of this id, or null. */
  async findById(id: string): Promise<Tenant | null> {
    return this.#byId.get(id) ?? null;
  }

  /** The tenant of this slug, or null. */
  async findBySlug(slug: string): Promise<Tenant | null> {
    return this.#bySlug.get(slug) ?? null;
  }

  override async findByDomain(domain: string): Promise<Tenant | null> {
    return this.#byDomain.get(domain) ?? null;
  }

  override async findByFormerSlug(slug: string): Promise<Tenant | null> {
    return this.#byFormerSlug.get(slug) ?? null;
  }

  override async *list(): AsyncIterable<Tenant> {
    yield* this.#byId.values();
  }
}

const wrong = (problem: string, fix: string) => new TenancyConfigurationError('InMemoryTenantRegistry', problem, fix);

/** Tenants have fields of the application's own, so only a slip of the pen is one that must not pass: `stauts` lets a closed tenant in. */
function checkFields(tenant: InMemoryTenant): void {
  if (typeof tenant !== 'object' || tenant === null) throw wrong('a tenant is no object', 'Pass `{ id, slug }`.');
  for (const field of Object.keys(tenant)) {
    const meant = CHECKED.find((name) => name !== field && slips(field.toLowerCase(), name) <= 1);
    if (meant === undefined || WORDS.has(field)) continue;
    throw wrong(
      `a tenant has the field \`${field}\``,
      `Did you mean \`${meant}\`? If it is a field of your own, name it otherwise.`,
    );
  }
  if (tenant.domains !== undefined && !Array.isArray(tenant.domains)) {
    throw wrong('the `domains` of a tenant are not a list', "Pass for example ['careers.acme.com'].");
  }
}

const CHECKED = ['status', 'domains'] as const;
const WORDS = new Set(['stats', 'domain', 'status', 'domains']);

/** As requests name it. */
function usable(domain: unknown): string {
  const name = domainName(domain);
  if (name !== null) return name;
  throw wrong(
    `a tenant has the domain ${JSON.stringify(domain)}, which no host of a request can be`,
    'Pass it without scheme, port or wildcard: "careers.acme.com".',
  );
}

function claim(names: Map<string, Tenant>, kind: string, name: string, tenant: Tenant): void {
  if (!isUsableTenantId(name)) {
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
