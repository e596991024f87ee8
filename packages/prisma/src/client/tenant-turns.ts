/**
 * C3: what Prisma batches (`findUnique`, and every query of a transaction) it gathers for one tick, and sends all of it in
 * the context of whoever came first. So tenants take turns: each starts its queries in a tick of its own, where Prisma
 * still merges them.
 *
 * Every query takes a turn, batched or not: which ones are is for Prisma to say, and may change.
 */
export class TenantTurns {
  static readonly #ofClient = new WeakMap<object, TenantTurns>();

  readonly #waiting = new Map<string, (() => void)[]>();
  #taking = false;

  /** A client has one batch, however often it was scoped. */
  static of(client: object): TenantTurns {
    const turns = TenantTurns.#ofClient.get(client) ?? new TenantTurns();
    TenantTurns.#ofClient.set(client, turns);
    return turns;
  }

  /** Calls `start` in this tenant's next turn. */
  take(tenantId: string, start: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const starts = this.#waiting.get(tenantId) ?? [];
      this.#waiting.set(tenantId, starts);
      starts.push(() => {
        try {
          resolve(start());
        } catch (error) {
          reject(error);
        }
      });
      if (this.#taking) return;
      this.#taking = true;
      process.nextTick(() => this.#next());
    });
  }

  #next(): void {
    const [turn] = this.#waiting;
    if (!turn) {
      this.#taking = false;
      return;
    }
    const [tenantId, starts] = turn;
    this.#waiting.delete(tenantId);
    for (const start of starts) start();
    // Prisma comes to its batch by way of promises alone, all of which are settled before the next tick, and then sends it
    // from a tick of its own: the first tick may come before that one, the second comes after it.
    queueMicrotask(() => process.nextTick(() => process.nextTick(() => this.#next())));
  }
}
