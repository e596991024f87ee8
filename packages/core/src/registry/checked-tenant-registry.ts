import { outsideAnyTenant } from '../context/enter.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantRegistryUnavailableError } from '../errors/refusals.js';
import { admit, type Tenant } from '../tenant.js';
import { isUsableTenantId } from '../tenant-id.js';
import { failedLookup, find, type Lookup } from './lookup.js';
import { TenantRegistry } from './tenant-registry.js';

/**
 * The application's registry, trusted no further than it can be checked: it is asked outside every tenant's context,
 * must answer within `timeout` milliseconds, and must answer with the tenant it was asked for.
 */
export class CheckedTenantRegistry extends TenantRegistry {
  readonly #registry: TenantRegistry;
  readonly #timeout: number;

  constructor(registry: TenantRegistry, timeout: number) {
    super();
    this.#registry = registry;
    this.#timeout = timeout;
  }

  findById(id: string): Promise<Tenant | null> {
    return this.#ask('id', id);
  }

  findBySlug(slug: string): Promise<Tenant | null> {
    return this.#ask('slug', slug);
  }

  override findByDomain(domain: string): Promise<Tenant | null> {
    return this.#ask('domain', domain);
  }

  override findByFormerSlug(slug: string): Promise<Tenant | null> {
    return this.#ask('former slug', slug);
  }

  override async *list(): AsyncIterable<Tenant> {
    for await (const listed of this.listed()) yield admit(listed);
  }

  /** The entries of `list()` as they come, for who goes on after one that is no tenant. */
  async *listed(): AsyncIterable<Tenant> {
    if (!this.#registry.list) {
      throw new TenancyConfigurationError(
        'TenantRegistry.list',
        'is not there, so nobody knows which tenants to visit',
        'Give the registry a `list()`: an async iterable of all tenants.',
      );
    }
    const tenants = outsideAnyTenant(() => this.#registry.list?.()[Symbol.asyncIterator]());
    for (
      let next = await outsideAnyTenant(() => tenants?.next());
      next && !next.done;
      next = await outsideAnyTenant(() => tenants?.next())
    ) {
      yield next.value;
    }
  }

  async #ask(lookup: Lookup, name: string): Promise<Tenant | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new TenantRegistryUnavailableError(
            `the registry did not answer a look-up by ${lookup} within ${this.#timeout} ms. ` +
              'Make it faster, or raise `registryTimeout`.',
          ),
        );
      }, this.#timeout);
    });
    try {
      // C6: a look-up is shared by requests of several tenants, so it belongs to none of them.
      return checked(
        lookup,
        name,
        await Promise.race([outsideAnyTenant(() => find(this.#registry, lookup, name)), late]),
      );
    } catch (error) {
      throw failedLookup(lookup, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function checked(lookup: Lookup, name: string, answer: Tenant | null): Tenant | null {
  if (answer === null) return null;
  if (!isUsableTenantId(answer?.id) || !isUsableTenantId(answer.slug)) {
    throw new TenantRegistryUnavailableError(
      `the registry answered a look-up by ${lookup} with something that is not a tenant. ` +
        'Answer `{ id, slug }` with non-empty strings of at most 255 bytes without NUL, or `null`.',
    );
  }
  // Renamed back meanwhile: the slug is its own again.
  if (lookup === 'former slug' && answer.slug.toLowerCase() === name) return null;
  // A registry's collation may ignore case in a slug, as host names do. An id is exact.
  const asked = lookup === 'id' ? answer.id === name : lookup !== 'slug' || answer.slug.toLowerCase() === name;
  if (!asked) {
    throw new TenantRegistryUnavailableError(
      `the registry answered a look-up by ${lookup} with a tenant of another ${lookup}. Compare the ${lookup} exactly.`,
    );
  }
  return admit(answer);
}
