import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { LRUCache } from 'lru-cache';
import type { Pool, PoolClient, PoolConfig } from 'pg';
import type { ReplicatedPlace } from '../connections/isolation.js';
import { releaseOf } from '../connections/release.js';
import type { StartChecks } from '../connections/start-check.js';
import { runStartChecks } from '../connections/start-checks.js';
import { configFrom, inDatabase } from '../databases/database-config.js';
import { DatabasePools } from '../databases/database-pools.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { PrimaryPositions } from './primary-positions.js';
import type { ReadSettings } from './read-options.js';
import type { Reading } from './reading.js';
import { Replica, type ReplicaClient } from './replica.js';
import { TenantWork } from './tenant-work.js';
import { askWritten, lsnText, type WalPosition } from './wal-position.js';

/** Milliseconds for a server to let a connection in, and for one to come free: the primary answers instead. */
const CONNECT_TIMEOUT = 1_000;

/** Milliseconds between two looks at replicas that are behind. */
const LOOK_AGAIN = 5;

export interface ReplicaReadsOptions {
  readonly settings: ReadSettings;
  readonly pool: PoolConfig;
  readonly createPool: (config: PoolConfig) => Pool;
  readonly setting: string;
  readonly checks: StartChecks;
}

/** A read: whose it is, what it must see, and where. */
export interface Read {
  readonly tenant: Tenant;
  readonly reading: Reading;
  readonly place: ReplicatedPlace;
  /** The place as a text: another one is another. */
  readonly key: string;
  /** A connection to the tenant's own database on the primary. */
  readonly connectPrimary: () => Promise<PoolClient>;
}

/** A connection to a replica, and the position that each of its queries is held to. */
export interface Found {
  readonly client: ReplicaClient;
  readonly replayed: string;
}

/** A database as the pools know it. */
type Home = Tenant & { readonly config: () => PoolConfig | Promise<PoolConfig> };

/** The databases of servers and replicas that are known at once; a database for each tenant makes them many. */
const KNOWN = 10_000;

const logger = new Logger('TenantPool');

/** Leads reads of one pool to replicas that are far enough. */
export class ReplicaReads {
  readonly work = new TenantWork();
  readonly #options: ReplicaReadsOptions;
  readonly #pools: DatabasePools;
  /** Questions to primaries do not wait in line with the application's own. */
  readonly #primaries: DatabasePools;
  readonly #positions = new LRUCache<string, PrimaryPositions>({ max: KNOWN });
  readonly #replicas = new LRUCache<string, Replica>({ max: KNOWN });
  #turn = 0;

  constructor(options: ReplicaReadsOptions) {
    this.#options = options;
    const { settings, setting } = options;
    const shared = {
      connection: (home: Tenant) => (home as Home).config(),
      maxConnectionsPerDatabase: undefined,
      idleTimeoutMillis: 60_000,
      acquireTimeoutMillis: CONNECT_TIMEOUT,
      setting,
    };
    this.#pools = new DatabasePools({ ...shared, maxDatabases: settings.maxDatabases });
    this.#primaries = new DatabasePools({ ...shared, maxDatabases: Number.MAX_SAFE_INTEGER });
  }

  /**
   * @returns a connection to a replica that is far enough; undefined where the primary is to answer
   * @throws `replica_behind` where there is none, and the primary is not to be asked.
   */
  async connect(read: Read): Promise<Found | undefined> {
    const needed = await this.#needed(read);
    const found = needed && (await this.#search(read, needed));
    if (found || this.#options.settings.whenBehind === 'primary') return found;
    throw new TenantFloorError(
      'replica_behind',
      needed
        ? `no replica has replayed what this read must see, or none can be used; \`waitMillis\` is ${this.#options.settings.waitMillis}. Try again ` +
            "later, or set `whenBehind: 'primary'`."
        : "the primary did not say how far its log is written, so no replica is known to be far enough. Look at the log; `whenBehind: 'primary'` asks it.",
    );
  }

  /** Looks at each replica of `place` once; what is wrong with one is in the log. */
  async look(place: ReplicatedPlace): Promise<void> {
    try {
      const needed = await this.#positionsOf({ place }).covering(performance.now());
      for (const [index] of place.replicas.entries()) {
        const client = await this.#replicaOf(place, index).connect(needed, this.#examination(place));
        if (typeof client === 'object') releaseOf(client, client.release)();
      }
    } catch (error) {
      this.#isUnknown(error);
    }
  }

  async end(): Promise<void> {
    await Promise.all([this.#pools.end(), this.#primaries.end()]);
  }

  async #needed(read: Read): Promise<WalPosition | undefined> {
    const committed = Math.max(
      read.reading.since - this.#options.settings.stalenessMillis,
      this.work.last(read.tenant.id, read.key),
    );
    try {
      return await this.#positionsOf(read).covering(committed);
    } catch (error) {
      return this.#isUnknown(error);
    }
  }

  #isUnknown(error: unknown): undefined {
    logger.warn(
      `the primary did not say how far its log is written, so no replica is asked: ${(error as Error).message}`,
    );
  }

  async #search({ place }: Read, needed: WalPosition): Promise<Found | undefined> {
    const deadline = performance.now() + this.#options.settings.waitMillis;
    const replicas = place.replicas.map((_, index) => this.#replicaOf(place, index));
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER;
    const from = replicas.length === 0 ? 0 : this.#turn % replicas.length;
    for (;;) {
      let isAnyBehind = false;
      for (const replica of [...replicas.slice(from), ...replicas.slice(0, from)]) {
        if (replica.isResting) continue;
        const client = await replica.connect(needed, this.#examination(place));
        if (typeof client === 'object') return { client, replayed: lsnText(needed.lsn) };
        isAnyBehind ||= client === 'behind';
      }
      if (!isAnyBehind || performance.now() >= deadline) return undefined;
      await sleep(LOOK_AGAIN);
    }
  }

  #examination({ verify }: ReplicatedPlace): ((client: ReplicaClient) => Promise<void>) | undefined {
    const { setting, checks } = this.#options;
    return verify && ((client) => runStartChecks(client, { setting, verify }, checks));
  }

  #positionsOf({ place, connectPrimary }: Pick<Read, 'place'> & Partial<Read>): PrimaryPositions {
    const { server, primary } = place;
    const ask = async () => {
      const home: Home = { id: server, slug: server, config: () => ({ ...primary, max: 1 }) };
      const client = (await (primary ? this.#connect(this.#primaries, home, 1) : connectPrimary?.())) as ReplicaClient;
      const release = releaseOf(client, client.release);
      try {
        await new Promise<void>((resolve, reject) => client.whenSetUp((error) => (error ? reject(error) : resolve())));
        client.hold('setup');
        const position = await askWritten(client);
        release();
        return position;
      } catch (error) {
        release(error as Error);
        throw error;
      }
    };
    const known = this.#positions.get(server);
    if (known) return known;
    const made = new PrimaryPositions(ask, this.#options.settings.stalenessMillis);
    this.#positions.set(server, made);
    return made;
  }

  #replicaOf(place: ReplicatedPlace, index: number): Replica {
    const { pool, settings } = this.#options;
    const key = [place.server, index, place.home].join('\0');
    const known = this.#replicas.get(key);
    if (known) return known;
    const server = configFrom(place.replicas[index] as string | PoolConfig);
    const home: Home = {
      id: key,
      slug: key,
      // A replica has the primary's databases: under another name are somebody else's rows.
      config: async () => inDatabase(server, await place.database(pool)),
    };
    const made = new Replica({
      title: `replica ${index + 1}${place.title === undefined ? '' : ` of the server ${JSON.stringify(place.title)}`}`,
      connect: async () =>
        (await this.#connect(this.#pools, home, settings.maxConnectionsPerReplica ?? pool.max ?? 10)) as ReplicaClient,
    });
    this.#replicas.set(key, made);
    return made;
  }

  #connect(pools: DatabasePools, home: Home, max: number): Promise<PoolClient> {
    const { createPool, pool } = this.#options;
    const { connectionTimeoutMillis: own } = pool;
    const connectionTimeoutMillis = own ? Math.min(own, CONNECT_TIMEOUT) : CONNECT_TIMEOUT;
    return pools.connect(home, { createPool, options: { ...pool, max, connectionTimeoutMillis } });
  }
}
