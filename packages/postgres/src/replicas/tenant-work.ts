import { LRUCache } from 'lru-cache';

/**
 * The work of tenants on the primary, through one pool: when each was there last. Any work may have written: a SELECT may call a function that does.
 */
export class TenantWork {
  readonly #open = new Map<string, number>();
  readonly #ended: LRUCache<string, number>;
  /** For those who are not remembered by name. */
  #earlier = Number.NEGATIVE_INFINITY;

  constructor(max = 10_000) {
    this.#ended = new LRUCache<string, number>({
      max,
      dispose: (ended, _, reason) => {
        if (reason === 'evict') this.#earlier = Math.max(this.#earlier, ended);
      },
    });
  }

  /** @returns what ends it; calling it again does nothing more */
  begin(tenantId: string): () => void {
    this.#open.set(tenantId, (this.#open.get(tenantId) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const others = (this.#open.get(tenantId) ?? 1) - 1;
      if (others > 0) this.#open.set(tenantId, others);
      else this.#open.delete(tenantId);
      this.#ended.set(tenantId, performance.now());
    };
  }

  /** The time until which the tenant may have written. A transaction that is open may have ended in this moment. */
  last(tenantId: string): number {
    return this.#open.has(tenantId) ? performance.now() : (this.#ended.get(tenantId) ?? this.#earlier);
  }
}
