import type { Pool, PoolClient } from 'pg';

/** Milliseconds for a server to say goodbye; then the socket is cut. */
const GOODBYE = 5_000;

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
  readonly #connections = new Set<PoolClient>();
  readonly #events: OpenDatabaseEvents;
  #onDisconnected = () => {};
  #onClosed = () => {};

  constructor(tenantId: string, events: OpenDatabaseEvents) {
    this.tenantId = tenantId;
    this.#events = events;
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  get isOpen(): boolean {
    return this.#pool !== undefined;
  }

  /** When the longest of its present uses began; `undefined` when it has none. On the clock of `performance.now()`. */
  get busySince(): number | undefined {
    const [first] = this.#uses;
    return first?.since;
  }

  get unusedSince(): number {
    return this.#unusedSince;
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
      const pool = await (this.#opening as Promise<Pool>);
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
      throw error;
    }
  }

  /** Resolves when every connection is closed on the server too. Never rejects: there is nobody to tell. */
  async close(): Promise<void> {
    await this.#pool?.end().catch(() => {});
    // pg-pool's `end` does not wait for its connections, which the server counts for as long as they are there.
    if (this.#connections.size > 0) await this.#disconnected();
    this.#onClosed();
  }

  #disconnected(): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const { connection } of this.#connections) connection.stream.destroy();
        resolve();
      }, GOODBYE).unref();
      this.#onDisconnected = () => {
        clearTimeout(cut);
        resolve();
      };
    });
  }

  #watch(pool: Pool): Pool {
    // A connection that breaks in the pool is dropped by it. Without a listener it would end the process as well.
    pool.on('error', () => {});
    pool.on('connect', (client) => this.#connections.add(client));
    pool.on('remove', (client) => {
      this.#connections.delete(client);
      if (this.#connections.size === 0) this.#onDisconnected();
    });
    return (this.#pool = pool);
  }

  #finish(use: { readonly since: number }): void {
    // A second release of the same connection has nothing to finish.
    if (!this.#uses.delete(use) || this.#uses.size > 0 || !this.isOpen) return;
    this.#unusedSince = performance.now();
    this.#events.onUnused(this);
  }
}
