import { LRUCache } from 'lru-cache';

/**
 * The work of tenants through one pool: where each was led, and when it was on the primary there last. Any work may have written: a SELECT may call a
 * function that does.
 */
export class TenantWork {
  readonly #open = new Map<string, number>();
  readonly #last: LRUCache<string, { readonly place: string; readonly at: number }>;

  constructor(max = 10_000) {
    this.#last = new LRUCache({ max });
  }

  /** @returns what ends it; calling it again does nothing more */
  begin(tenantId: string, place: string): () => void {
    this.#open.set(tenantId, (this.#open.get(tenantId) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const others = (this.#open.get(tenantId) ?? 1) - 1;
      if (others > 0) this.#open.set(tenantId, others);
      else this.#open.delete(tenantId);
      this.#last.set(tenantId, { place, at: performance.now() });
    };
  }

  /**
   * The time until which something may have been written that the tenant must see in this place. A transaction that is open may have ended in this
   * moment; and so may have the move that brought a tenant here which was elsewhere, or is not remembered.
   */
  last(tenantId: string, place: string): number {
    const known = this.#last.get(tenantId);
    if (known?.place === place && !this.#open.has(tenantId)) return known.at;
    const at = performance.now();
    this.#last.set(tenantId, { place, at });
    return at;
  }
}
