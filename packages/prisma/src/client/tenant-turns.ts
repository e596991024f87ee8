/**
 * C3: what Prisma batches (`findUnique`, and every query of a transaction) it gathers for one tick, and sends all of it in
 * the context of whoever came first. So tenants take turns: queries of one tick that belong to one tenant start together,
 * and Prisma still merges them; those of another tenant start when Prisma has sent them.
 *
 * Which queries Prisma batches is for Prisma to say, and may change: a test has every operation share a tick with every other.
 */
export class TenantTurns {
  static readonly #ofClient = new WeakMap<object, TenantTurns>();

  readonly #waiting = new Map<string, (() => void)[]>();
  /** The tenant whose turn it is, and whether more of that tenant's queries may still start in it. */
  #turn: { readonly tenantId: string; isOpen: boolean } | null = null;

  /** A client has one batch, however often it was scoped. */
  static of(client: object): TenantTurns {
    const turns = TenantTurns.#ofClient.get(client) ?? new TenantTurns();
    TenantTurns.#ofClient.set(client, turns);
    return turns;
  }

  /** Calls `start` in this tenant's next turn. */
  take<R>(tenantId: string, start: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(start());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#turn === null) this.#begin(tenantId);
      if (this.#turn?.isOpen && this.#turn.tenantId === tenantId) return run();
      const waiting = this.#waiting.get(tenantId);
      if (waiting) waiting.push(run);
      else this.#waiting.set(tenantId, [run]);
    });
  }

  #begin(tenantId: string): void {
    const turn = { tenantId, isOpen: true };
    this.#turn = turn;
    // Prisma comes to its batch by way of promises alone, and sends it from a tick that it asks for then: after this one,
    // which was asked for before.
    process.nextTick(() => {
      turn.isOpen = false;
      // The first tick may come before Prisma's, the second comes after it.
      queueMicrotask(() => process.nextTick(() => process.nextTick(() => this.#end())));
    });
  }

  #end(): void {
    this.#turn = null;
    const [next] = this.#waiting;
    if (!next) return;
    const [tenantId, starts] = next;
    this.#waiting.delete(tenantId);
    this.#begin(tenantId);
    for (const start of starts) start();
  }
}
