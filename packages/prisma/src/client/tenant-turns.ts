interface Turn {
  readonly starts: (() => void)[];
}

/**
 * C3: Prisma merges the `findUnique` calls of one tick into one query and runs it in the first caller's context. So the
 * tenants of one tick take turns: each starts its queries in a tick of its own, where Prisma still merges them.
 *
 * Prisma sends a batch from `process.nextTick`, queued when its first query starts; the next turn is queued after that.
 */
export class TenantTurns {
  readonly #waiting = new Map<string, Turn>();
  #queued = false;

  take(tenantId: string, start: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const turn = this.#waiting.get(tenantId) ?? { starts: [] };
      turn.starts.push(() => start().then(resolve, reject));
      this.#waiting.set(tenantId, turn);
      this.#queue();
    });
  }

  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    process.nextTick(() => this.#next());
  }

  #next(): void {
    this.#queued = false;
    for (const [tenantId, { starts }] of this.#waiting) {
      this.#waiting.delete(tenantId);
      for (const start of starts) start();
      break;
    }
    if (this.#waiting.size > 0) this.#queue();
  }
}
