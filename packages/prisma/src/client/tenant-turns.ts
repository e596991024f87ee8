/** The work that has a turn. */
export interface TurnOf {
  readonly tenantId: string;
  readonly variables: object | undefined;
}

/**
 * C3: what Prisma batches (`findUnique`, and every query of a transaction) it gathers for one tick, and sends all of it in
 * the context of whoever came first. So tenants take turns: queries of one tick that belong to one tenant start together,
 * and Prisma still merges them; those of another tenant start when Prisma has sent them.
 *
 * Work of one tenant that carries other values beside it takes a turn of its own as well: what is read from a replica is read for nobody else.
 *
 * Which queries Prisma batches is for Prisma to say, and may change: a test has every operation share a tick with every other.
 */
export class TenantTurns {
  static readonly #ofClient = new WeakMap<object, TenantTurns>();

  readonly #waiting: { readonly of: TurnOf; readonly starts: (() => void)[] }[] = [];
  /** The tenant whose turn it is, and whether more of that tenant's queries may still start in it. */
  #turn: { readonly of: TurnOf; isOpen: boolean } | null = null;

  /** A client has one batch, however often it was scoped. */
  static of(client: object): TenantTurns {
    const turns = TenantTurns.#ofClient.get(client) ?? new TenantTurns();
    TenantTurns.#ofClient.set(client, turns);
    return turns;
  }

  /** Calls `start` in this tenant's next turn. */
  take<R>(of: TurnOf, start: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(start());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#turn === null) this.#begin(of);
      if (this.#turn?.isOpen && isSame(this.#turn.of, of)) return run();
      const waiting = this.#waiting.find((each) => isSame(each.of, of));
      if (waiting) waiting.starts.push(run);
      else this.#waiting.push({ of, starts: [run] });
    });
  }

  #begin(of: TurnOf): void {
    const turn = { of, isOpen: true };
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
    const next = this.#waiting.shift();
    if (!next) return;
    this.#begin(next.of);
    for (const start of next.starts) start();
  }
}

function isSame(one: TurnOf, other: TurnOf): boolean {
  return one.tenantId === other.tenantId && one.variables === other.variables;
}
