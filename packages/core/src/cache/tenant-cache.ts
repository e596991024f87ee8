import { Inject, Injectable } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { outsideAnyTenant } from '../context/enter.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { cacheFacade } from './cache-facade.js';
import { CacheParts } from './cache-parts.js';

/**
 * The way to what is the same for all tenants. What is a tenant's own is in `CACHE_MANAGER`.
 *
 * @example
 * ```ts
 * import { Inject, Injectable } from '@nestjs/common';
 * import { TenantCache } from '@tenancy/core/cache';
 *
 * @Injectable()
 * export class ExchangeRates {
 *   private readonly rates;
 *
 *   constructor(@Inject(TenantCache) cache: TenantCache) {
 *     this.rates = cache.shared('exchange-rates');
 *   }
 *
 *   of(currency: string): Promise<number> {
 *     return this.rates.wrap(currency, () => 1.07, 60_000);
 *   }
 * }
 * ```
 */
@Injectable()
export class TenantCache {
  readonly #parts: CacheParts;

  constructor(@Inject(CacheParts) parts: CacheParts) {
    this.#parts = parts;
  }

  /**
   * The cache of this name, which has nothing in common with any tenant's: one for all tenants, and usable without one.
   *
   * K6: what `wrap` loads for everybody it loads outside every tenant, so a loader that reads a tenant's data is refused there
   * (`tenant_context_missing`) rather than showing the first tenant's to all. What `set` is given is the caller's to answer for. Each
   * reader has a copy, in memory too, so that nobody writes into what others read.
   *
   * @throws `tenancy_misconfigured` without a name.
   */
  shared(name: string): Cache {
    if (typeof name !== 'string' || name === '' || !name.isWellFormed()) {
      throw new TenancyConfigurationError(
        'TenantCache.shared',
        'is given no name',
        "Name it: `shared('exchange-rates')`.",
      );
    }
    const cache = cacheFacade(() => this.#parts.shared(name));
    const { wrap } = cache;
    const loadedOutside = async (key: string, load: () => unknown, ...options: never[]) =>
      copyOf(await wrap(key, () => outsideAnyTenant(async () => load()), ...options));
    return Object.assign(cache, { wrap: loadedOutside as Cache['wrap'] });
  }
}

/** One of one's own: callers at once get one object from cache-manager, and what one tenant's code writes into it another's would read. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  try {
    return structuredClone(value);
  } catch {
    // It holds a function, which no store would keep.
    return JSON.parse(JSON.stringify(value)) as unknown;
  }
}
