import { Pool, type PoolConfig } from 'pg';
import { BoundClient } from '../connections/bound-client.js';
import type { Isolation } from '../connections/isolation.js';

const EVENTS = ['connect', 'acquire', 'release', 'remove', 'error'] as const;
const COUNTS = ['totalCount', 'idleCount', 'waitingCount', 'expiredCount'] as const;

/** The pools that a tenant pool opens for the databases of single tenants: heard through it, and counted with it. */
export class InnerPools {
  readonly #outer: Pool;
  readonly #pools = new Set<Pool>();

  constructor(outer: Pool, isolation: Isolation) {
    this.#outer = outer;
    for (const count of COUNTS) {
      const get = () => {
        let sum = Reflect.get(Pool.prototype, count, outer) as number;
        for (const pool of this.#pools) sum += pool[count];
        return count === 'waitingCount' ? sum + (isolation.waitingCount ?? 0) : sum;
      };
      // pg's types have them for fields, which no class may replace by accessors.
      Object.defineProperty(outer, count, { get });
    }
  }

  create(config: PoolConfig): Pool {
    for (const pool of this.#pools) if (pool.ended) this.#pools.delete(pool);
    const pool = new Pool({ ...config, Client: BoundClient } as PoolConfig);
    this.#pools.add(pool);
    for (const event of EVENTS) {
      pool.on(event as 'connect', (...args: unknown[]) =>
        this.#outer.emit(event as 'error', ...(args as [Error, never])),
      );
    }
    return pool;
  }
}
