import { LRUCache } from 'lru-cache';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import type { Tenant } from '../tenant.js';
import { find, type Lookup } from './lookup.js';
import { TenantRegistry } from './tenant-registry.js';

/** How long, and how many, look-ups are kept. */
export interface RegistryCacheOptions {
  /**
   * Milliseconds that an answer is kept, and so for which a suspended tenant may still be let in without `invalidate`.
   * @defaultValue `30_000`
   */
  readonly ttl?: number | undefined;
  /**
   * The most answers kept for each kind of look-up, and again for names that no tenant has.
   * @defaultValue `10_000`
   */
  readonly max?: number | undefined;
}

interface Answer {
  readonly tenant: Tenant | null;
  /** On the clock of `performance.now()`. */
  readonly expires: number;
}

type Answers = Record<Lookup, LRUCache<string, Answer>>;

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
    refuseUnknown('CachedTenantRegistry', options, ['ttl', 'max']);
    const { ttl = 30_000, max = 10_000 } = options;
    this.#registry = registry;
    this.#ttl = ttl;
    const answers = (): Answers => {
      // Not the cache's own `ttl`, for which it keeps a timer going that costs each request more than all the rest here.
      const cache = () => new LRUCache<string, Answer>({ max });
      return { id: cache(), slug: cache(), domain: cache() };
    };
    this.#known = answers();
    this.#unknown = answers();
  }

  findById(id: string): Promise<Tenant | null> {
    return this.#find('id', id);
  }

  findBySlug(slug: string): Promise<Tenant | null> {
    return this.#find('slug', slug);
  }

  override findByDomain(domain: string): Promise<Tenant | null> {
    return this.#find('domain', domain);
  }

  /** Not cached: it is for work that visits every tenant. */
  override list(): AsyncIterable<Tenant> {
    if (!this.#registry.list) throw new TypeError('The registry behind this cache has no list().');
    return this.#registry.list();
  }

  /** The remembered answer, without a promise: `undefined` when the registry has to be asked. */
  peek(lookup: Lookup, name: string): Tenant | null | undefined {
    const answer = recall(this.#known[lookup], name) ?? recall(this.#unknown[lookup], name);
    return answer !== undefined && performance.now() < answer.expires ? answer.tenant : undefined;
  }

  /**
   * Forgets a tenant, after it was changed, suspended or created. Look-ups already under way are not remembered either.
   * Without an id, forgets all.
   */
  invalidate(id?: string): void {
    this.#pending = new Map();
    for (const answers of Object.values(this.#unknown)) answers.clear();
    for (const answers of Object.values(this.#known)) {
      for (const [name, { tenant }] of answers.entries()) {
        if (id === undefined || tenant?.id === id) answers.delete(name);
      }
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

/** Notes that an answer was used only where that will soon decide which one goes: a note costs more than the look-up. */
function recall(answers: LRUCache<string, Answer>, name: string): Answer | undefined {
  return answers.size * 2 > answers.max ? answers.get(name) : answers.peek(name);
}
