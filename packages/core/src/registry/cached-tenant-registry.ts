import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { RecentlyUsed } from '../recently-used.js';
import type { Tenant } from '../tenant.js';
import { CheckedTenantRegistry } from './checked-tenant-registry.js';
import { find, type Lookup } from './lookup.js';
import { TenantRegistry } from './tenant-registry.js';

/** Limits of the registry's cache. */
export interface RegistryCacheOptions {
  /**
   * Milliseconds that an answer is kept, and so for which a suspended tenant may still be let in without `invalidate`.
   * @defaultValue `30_000`
   */
  readonly ttl?: number | undefined;
  /**
   * Number of answers that are kept for each kind of look-up, and again for names that no tenant has: those used last for
   * certain, and twice as many at most.
   * @defaultValue `10_000`
   */
  readonly max?: number | undefined;
}

interface Answer {
  readonly tenant: Tenant | null;
  /** On the clock of `performance.now()`. */
  readonly expires: number;
}

type Answers = Record<Lookup, RecentlyUsed<Answer>>;

/**
 * A registry that remembers: least recently used answers go first, callers who ask the same at once share one
 * look-up, and names without a tenant are remembered too. A failed look-up is not.
 */
export class CachedTenantRegistry extends TenantRegistry {
  readonly #registry: TenantRegistry;
  readonly #known: Answers;
  // Apart from the known ones, so that a flood of invented names cannot push real tenants out.
  readonly #unknown: Answers;
  readonly #ttl: number;
  #pending = new Map<string, Promise<Tenant | null>>();

  constructor(registry: TenantRegistry, options: RegistryCacheOptions = {}) {
    super();
    checkLimits('CachedTenantRegistry', options);
    const { ttl = 30_000, max = 10_000 } = options;
    this.#registry = registry;
    this.#ttl = ttl;
    const answers = (): Answers => ({
      id: new RecentlyUsed(max),
      slug: new RecentlyUsed(max),
      domain: new RecentlyUsed(max),
      'former slug': new RecentlyUsed(max),
    });
    this.#known = answers();
    this.#unknown = answers();
  }

  /** The tenant of this id, from the cache for as long as it may; null where there is none. */
  findById(id: string): Promise<Tenant | null> {
    return this.#find('id', id);
  }

  /** The tenant of this slug, from the cache for as long as it may; null where there is none. */
  findBySlug(slug: string): Promise<Tenant | null> {
    return this.#find('slug', slug);
  }

  override findByDomain(domain: string): Promise<Tenant | null> {
    return this.#find('domain', domain);
  }

  override findByFormerSlug(slug: string): Promise<Tenant | null> {
    return this.#find('former slug', slug);
  }

  /** Not cached: it is for work that visits every tenant. */
  override list(): AsyncIterable<Tenant> {
    if (!this.#registry.list) throw new TypeError('The registry behind this cache has no list().');
    return this.#registry.list();
  }

  /** The entries of `list()` as they come, for who goes on after one that is no tenant. */
  listed(): AsyncIterable<Tenant> {
    return this.#registry instanceof CheckedTenantRegistry ? this.#registry.listed() : this.list();
  }

  /** The remembered answer, without a promise: `undefined` when the registry has to be asked. */
  peek(lookup: Lookup, name: string): Tenant | null | undefined {
    const answer = this.#known[lookup].get(name) ?? this.#unknown[lookup].get(name);
    return answer !== undefined && performance.now() < answer.expires ? answer.tenant : undefined;
  }

  /**
   * Forgets a tenant, after it was changed, suspended or created. Look-ups already under way are not remembered either.
   * Without an id, forgets all.
   */
  invalidate(id?: string): void {
    this.#pending = new Map();
    for (const answers of Object.values(this.#unknown)) answers.forget(() => true);
    for (const answers of Object.values(this.#known)) {
      answers.forget(({ tenant }) => id === undefined || tenant?.id === id);
    }
  }

  #find(lookup: Lookup, name: string): Promise<Tenant | null> {
    const remembered = this.peek(lookup, name);
    if (remembered !== undefined) return Promise.resolve(remembered);
    const key = `${lookup}:${name}`;
    const pending = this.#pending;
    const shared = pending.get(key);
    if (shared) return shared;
    const asked = find(this.#registry, lookup, name)
      .then((tenant) => {
        // An answer from before an `invalidate` may be out of date: it serves its callers and is not kept.
        if (pending === this.#pending) this.#remember(lookup, name, tenant);
        return tenant;
      })
      .finally(() => pending.delete(key));
    pending.set(key, asked);
    return asked;
  }

  #remember(lookup: Lookup, name: string, tenant: Tenant | null): void {
    const answer = { tenant, expires: performance.now() + this.#ttl };
    if (tenant === null) {
      this.#known[lookup].delete(name);
      this.#unknown[lookup].set(name, answer);
    } else {
      this.#known[lookup].set(name, answer);
      this.#known.id.set(tenant.id, answer);
    }
  }
}

/** No Map of V8 holds more, and a fuller one throws. */
const MOST = 2 ** 24;

/** @throws `tenancy_misconfigured` for a limit that is none. */
export function checkLimits(where: string, limits: RegistryCacheOptions): void {
  refuseUnknown(where, limits, ['ttl', 'max']);
  for (const [name, most] of [
    ['ttl', Number.MAX_SAFE_INTEGER],
    ['max', MOST],
  ] as const) {
    const limit = limits[name];
    if (limit === undefined || (Number.isSafeInteger(limit) && limit > 0 && limit <= most)) continue;
    throw new TenancyConfigurationError(
      `${where}.${name}`,
      `is not a whole number from 1 to ${most}`,
      'Correct it. For no cache at all `TenancyModule` takes `cache: false`.',
    );
  }
}
