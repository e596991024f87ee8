import type { Cache } from 'cache-manager';
import { RecentlyUsed } from '../recently-used.js';
import type { CachePart } from './cache-part.js';

/** Owners whose parts are kept for certain: what was not used for longest goes first. */
const MAX_PARTS = 10_000;

/** One cache, divided by owner. */
export interface DividedCache {
  /** A part for `owner`. Calling `forget` makes its next user have a new one. */
  part(owner: string, forget: () => void): CachePart;
  /** Empties all of it. */
  clear(): Promise<void>;
  close(): Promise<void>;
  /** The cache-manager that holds everybody's, where it is one. */
  readonly whole?: Cache;
}

/** True for the owner of a shared part, who is no tenant. */
export const isShared = (owner: string): boolean => owner.startsWith('s/');

/** The parts of one cache that are in use. */
export class CacheParts {
  readonly #cache: DividedCache;
  #tenants = new RecentlyUsed<CachePart>(MAX_PARTS);
  #shared = new RecentlyUsed<CachePart>(MAX_PARTS);

  constructor(cache: DividedCache) {
    this.#cache = cache;
  }

  /** By the id as it is, because this is asked with each operation. */
  tenant(id: string): CachePart {
    return this.#tenants.get(id) ?? this.#made(this.#tenants, id, `t/${encodeURIComponent(id)}`);
  }

  shared(name: string): CachePart {
    return this.#shared.get(name) ?? this.#made(this.#shared, name, `s/${encodeURIComponent(name)}`);
  }

  get whole(): Cache | undefined {
    return this.#cache.whole;
  }

  /** Empties everybody's. */
  async clear(): Promise<void> {
    await this.#cache.clear();
    this.#tenants = new RecentlyUsed(MAX_PARTS);
    this.#shared = new RecentlyUsed(MAX_PARTS);
  }

  close(): Promise<void> {
    return this.#cache.close();
  }

  #made(parts: RecentlyUsed<CachePart>, name: string, owner: string): CachePart {
    const part = this.#cache.part(owner, () => parts.delete(name));
    parts.set(name, part);
    return part;
  }
}
