import type { Tenant } from '@tenancy/core';
import type { Pool, PoolClient, PoolConfig } from 'pg';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { databaseOf } from './database-config.js';
import { DatabaseDirectory } from './database-directory.js';
import type { DatabaseSettings } from './database-settings.js';
import { DatabaseSlots } from './database-slots.js';
import { OpenDatabase } from './open-database.js';

/** The pool that databases are opened for: its options, and how it makes a pool of its own kind. */
export interface PoolFor {
  readonly createPool: (config: PoolConfig) => Pool;
  readonly options: PoolConfig;
}

/** Milliseconds for a database to let a connection in, where nobody says how long somebody waits for a slot. */
const CONNECT_TIMEOUT = 5_000;

/** Keeps newcomers of a database that is going away waiting until it is gone, or stays after all. */
interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** The open databases of a process: one pool for each tenant, never more than there are slots for. */
export class DatabasePools {
  readonly #settings: DatabaseSettings;
  readonly #directory: DatabaseDirectory;
  readonly #slots: DatabaseSlots;
  readonly #timeout: number;
  readonly #databases = new Map<string, OpenDatabase>();
  /** Least recently used first. */
  readonly #unused = new Set<OpenDatabase>();
  /** Those that take no newcomers, and are closed when the last user has gone. */
  readonly #leaving = new Map<OpenDatabase, Gate>();
  /** The one of them that is only making way, and stays when nobody needs its slot any more. */
  #yielding: OpenDatabase | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #ended: Promise<void> | undefined;

  constructor(settings: DatabaseSettings) {
    this.#settings = settings;
    this.#timeout = settings.acquireTimeoutMillis || CONNECT_TIMEOUT;
    this.#directory = new DatabaseDirectory(settings.connection, this.#timeout);
    this.#slots = new DatabaseSlots({
      slots: settings.maxDatabases,
      timeout: settings.acquireTimeoutMillis,
      onDemand: () => this.#makeRoom(),
      verdict: () => this.#verdict(),
    });
  }

  /** A connection to the tenant's own database, which is opened for it when it is not open. */
  async connect(tenant: Tenant, poolFor: PoolFor): Promise<PoolClient> {
    for (;;) {
      if (this.#ended) throw ended();
      const known = this.#databases.get(tenant.id);
      const gate = known && this.#leaving.get(known);
      if (gate) {
        await gate.opened;
        continue;
      }
      const database = known ?? this.#open(tenant, poolFor);
      this.#unused.delete(database);
      return database.checkOut();
    }
  }

  /** The name of the tenant's database, asked anew. */
  async databaseOf(tenant: Tenant, options: PoolConfig): Promise<string> {
    return databaseOf(await this.#directory.locate(tenant, options));
  }

  /** How many callers wait for a database to be opened for them. */
  get waitingCount(): number {
    return [...this.#databases.values()].reduce((sum, { waitingCount }) => sum + waitingCount, 0);
  }

  /** Closes each database when its last user has gone. Nobody else is let in. */
  end(): Promise<void> {
    return (this.#ended ??= this.#endAll());
  }

  async #endAll(): Promise<void> {
    clearTimeout(this.#sweep);
    this.#slots.refuseAll(ended());
    const open = [...this.#databases.values()].filter((database) => database.isOpen);
    for (const database of open) {
      this.#retire(database);
      this.#leaving.get(database)?.open();
    }
    await Promise.all(open.map((database) => database.seeOut()));
  }

  #open(tenant: Tenant, poolFor: PoolFor): OpenDatabase {
    const database = new OpenDatabase(tenant.id, this.#timeout, {
      onUnused: (unused) => this.#putAside(unused),
      onUnreachable: (unreachable) => this.#retire(unreachable),
    });
    this.#databases.set(tenant.id, database);
    database.open(async (watch) => {
      try {
        const { maxConnectionsPerDatabase: most } = this.#settings;
        const { max, poolSize } = poolFor.options as PoolConfig & { readonly poolSize?: number };
        const options = { ...poolFor.options, max: most ?? (max || poolSize || 5) };
        const config = await this.#directory.locate(tenant, options);
        if (this.#ended) throw ended();
        await this.#slots.take();
        return watch(this.#createPool(poolFor, config));
      } catch (error) {
        this.#databases.delete(tenant.id);
        throw error;
      } finally {
        this.#keepSweeping();
        // Somebody may be waiting for it to be open, to take its turn.
        this.#makeRoom();
      }
    });
    return database;
  }

  #createPool({ createPool }: PoolFor, config: PoolConfig): Pool {
    try {
      if (this.#ended) throw ended();
      return createPool(config);
    } catch (error) {
      this.#slots.giveBack(Promise.resolve());
      throw error;
    }
  }

  #putAside(database: OpenDatabase): void {
    if (this.#leaving.has(database) || this.#slots.wanted > 0) this.#close(database);
    else this.#unused.add(database);
  }

  /** Lets nobody in any more; the next one opens the database anew, and asks again where it is. */
  #retire(database: OpenDatabase): void {
    if (this.#yielding === database) this.#yielding = undefined;
    if (!this.#leaving.has(database)) this.#leaving.set(database, gateway());
    if (this.#unused.has(database)) this.#close(database);
  }

  #close(database: OpenDatabase): void {
    this.#unused.delete(database);
    this.#retire(database);
    const closed = database.close().then(() => {
      this.#databases.delete(database.tenantId);
      this.#leaving.get(database)?.open();
      this.#leaving.delete(database);
    });
    this.#slots.giveBack(closed);
  }

  #makeRoom(): void {
    for (const database of this.#unused) {
      if (this.#slots.wanted === 0) break;
      this.#close(database);
    }
    if (this.#slots.wanted > 0) {
      for (const database of this.#databases.values()) database.doubt(this.#timeout * 0.4);
    }
    if (!this.#slots.isPressing) this.#stopYielding();
    else if (!this.#yielding) this.#startYielding();
  }

  #verdict(): Promise<unknown> | undefined {
    const verdicts = [...this.#databases.values()].flatMap(({ verdict }) => verdict ?? []);
    return verdicts.length > 0 ? Promise.all(verdicts) : undefined;
  }

  /** A database that is never without users would keep its slot for ever; so one lets nobody in until it is. */
  #startYielding(): void {
    let latest = Number.NEGATIVE_INFINITY;
    for (const database of this.#databases.values()) {
      const since = database.busySince;
      if (!database.isOpen || this.#leaving.has(database) || since === undefined || since <= latest) continue;
      // Whose longest use began last is likely to be free first.
      latest = since;
      this.#yielding = database;
    }
    if (this.#yielding) this.#leaving.set(this.#yielding, gateway());
  }

  #stopYielding(): void {
    if (!this.#yielding) return;
    this.#leaving.get(this.#yielding)?.open();
    this.#leaving.delete(this.#yielding);
    this.#yielding = undefined;
  }

  // Set where a pool is made, not where a connection is given back: that is in some tenant's context (C6).
  #keepSweeping(): void {
    if (this.#sweep || this.#ended || this.#databases.size === 0) return;
    const { idleTimeoutMillis } = this.#settings;
    const [longest] = this.#unused;
    const rest = longest ? longest.unusedSince + idleTimeoutMillis - performance.now() : idleTimeoutMillis;
    this.#sweep = setTimeout(
      () => {
        this.#sweep = undefined;
        const expired = performance.now() - idleTimeoutMillis;
        for (const database of this.#unused) {
          if (database.unusedSince > expired) break;
          this.#close(database);
        }
        this.#keepSweeping();
      },
      Math.max(1, rest),
    ).unref();
  }
}

function gateway(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function ended(): TenantFloorError {
  return new TenantFloorError(
    'tenant_unplaceable',
    "the tenants' databases are closed, because `end()` was called. Ask for no connection after that.",
  );
}
