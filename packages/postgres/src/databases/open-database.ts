import type { Pool, PoolClient } from 'pg';
import { CLOSE_TIMEOUT, PoolConnections } from '../connections/pool-connections.js';
import { unreachable } from '../errors/unreachable.js';

/** The least that a server has before it is given up for others, in milliseconds: to let somebody in, and where work would be lost. */
const LEAST_TO_OPEN = 400;
const LEAST_TO_ANSWER = 1_000;

export interface OpenDatabaseEvents {
  /** The last of its users has gone. */
  readonly onUnused: (database: OpenDatabase) => void;
  /** No connection can be made: the configuration may be out of date. */
  readonly onUnreachable: (database: OpenDatabase) => void;
}

/** One tenant's pool, and who uses it: whoever holds one of its connections or waits for one, or for the pool. */
export class OpenDatabase {
  readonly tenantId: string;
  /** Resolves once it is closed. */
  readonly closed: Promise<void>;
  #pool: Pool | undefined;
  #opening: Promise<Pool> | undefined;
  #unusedSince = 0;
  /** In the order they began. */
  readonly #uses = new Set<{ readonly since: number }>();
  #connections: PoolConnections | undefined;
  #waitingCount = 0;
  /** The time when the server was last asked whether it still answers. */
  #doubted = Number.NEGATIVE_INFINITY;
  #verdict: Promise<void> | undefined;
  readonly #events: OpenDatabaseEvents;
  readonly #timeout: number;
  #onClosed = () => {};

  /** @param timeout - milliseconds for the server to let a connection in; `0` where nobody waits for it */
  constructor(tenantId: string, timeout: number, events: OpenDatabaseEvents) {
    this.tenantId = tenantId;
    this.#timeout = timeout;
    this.#events = events;
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  get isOpen(): boolean {
    return this.#pool !== undefined;
  }

  /** The time when the longest of its present uses began; `undefined` when it has none. On the clock of `performance.now()`. */
  get busySince(): number | undefined {
    const [first] = this.#uses;
    return first?.since;
  }

  get unusedSince(): number {
    return this.#unusedSince;
  }

  /** How many wait for it to be opened. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** `start` hands the pool to `watch` in the same turn in which it makes it, so that none is ever unaccounted for. */
  open(start: (watch: (pool: Pool) => Pool) => Promise<Pool>): void {
    this.#opening = start((pool) => this.#watch(pool));
  }

  async checkOut(): Promise<PoolClient> {
    const use = { since: performance.now() };
    // Before anything is awaited: a database is not closed under those who wait for it.
    this.#uses.add(use);
    try {
      const pool = await this.#opened();
      const client = await pool.connect();
      const release = client.release;
      client.release = (error) => {
        try {
          release.call(client, error);
        } finally {
          this.#finish(use);
        }
      };
      return client;
    } catch (error) {
      if (this.#pool?.totalCount === 0) this.#events.onUnreachable(this);
      this.#finish(use);
      throw isTimeout(error) ? unreachable(this.#pool?.options.connectionTimeoutMillis ?? this.#timeout, error) : error;
    }
  }

  async #opened(): Promise<Pool> {
    this.#waitingCount++;
    try {
      return await (this.#opening as Promise<Pool>);
    } finally {
      this.#waitingCount--;
    }
  }

  /** Resolves when it is known whether the server still answers; `undefined` where that is in no doubt. */
  get verdict(): Promise<void> | undefined {
    return this.#verdict;
  }

  /** Somebody waits for its slot. A server that does not answer gives it up, however many wait for it. */
  doubt(timeout: number): void {
    this.#connections?.cutUnanswered(Math.max(LEAST_TO_OPEN, timeout));
    const now = performance.now();
    const { busySince = now } = this;
    const long = Math.max(LEAST_TO_ANSWER, timeout);
    if (!this.#connections || this.#verdict || now - busySince < timeout || now - this.#doubted < 2 * long) return;
    this.#doubted = now;
    this.#verdict = this.#connections.cutIfSilent(long).finally(() => {
      this.#verdict = undefined;
    });
  }

  /** Waits for its last user for as long as the server answers. */
  seeOut(): Promise<void> {
    return this.#connections?.seeOut(this.closed) ?? this.closed;
  }

  /** Resolves when every connection is closed on the server too. Never rejects: there is nobody to tell. */
  async close(): Promise<void> {
    if (this.#pool) await this.#connections?.seeOut(this.#pool.end()).catch(() => {});
    // pg-pool's `end` does not wait for its connections, which the server counts for as long as they are there.
    await this.#connections?.closed(this.#timeout > 0 ? Math.min(CLOSE_TIMEOUT, this.#timeout / 2) : CLOSE_TIMEOUT);
    this.#onClosed();
  }

  #watch(pool: Pool): Pool {
    // A connection that breaks in the pool is dropped by it. Without a listener it would end the process as well.
    pool.on('error', () => {});
    this.#connections = new PoolConnections(pool, this.#timeout);
    return (this.#pool = pool);
  }

  #finish(use: { readonly since: number }): void {
    // A second release of the same connection has nothing to finish.
    if (!this.#uses.delete(use) || this.#uses.size > 0 || !this.isOpen) return;
    this.#unusedSince = performance.now();
    this.#events.onUnused(this);
  }
}

/** pg has no codes for it: what `connectionTimeoutMillis` makes of a server that does not answer. */
function isTimeout(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(?:timeout expired|Connection terminated due to connection timeout)$/.test(error.message)
  );
}
