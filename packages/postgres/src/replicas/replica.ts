import { Logger } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { BoundClient } from '../connections/bound-client.js';
import { releaseOf } from '../connections/release.js';
import { isTenantFloorError } from '../errors/tenant-floor-error.js';
import { askReplayed, type ReplicaState, type Standing, standing, type WalPosition } from './wal-position.js';

/** A connection to a replica that has not been bound to anybody yet. */
export type ReplicaClient = BoundClient & PoolClient;

export interface ReplicaOptions {
  /** As messages call it: its place in the list of replicas, never its address. */
  readonly title: string;
  readonly connect: () => Promise<ReplicaClient>;
}

/** Milliseconds for which a replica is left alone that cannot be reached or is no replica, and one that somebody has to put right. */
const REST = 5_000;
const LONG_REST = 60_000;

const WHY: Readonly<Record<Exclude<Standing, 'far enough' | 'behind'>, string>> = {
  'of another cluster': 'it is a server of another cluster, which has not the same rows. Name a replica of the primary',
  'no replica': 'it is no replica: it is not in recovery. Where it was promoted, name it as the primary',
  'on another timeline':
    'it is on another timeline than the primary, as after a failover. It is used again when it follows the new primary and has made a restartpoint: look what it follows, or run CHECKPOINT on it',
};

const logger = new Logger('TenantPool');

/** One database of one replica, and what is known of how far it is. */
export class Replica {
  readonly #options: ReplicaOptions;
  /** The state that each connection was told, and when it was first seen. It stays true of that connection: a server that restarts ends all of them. */
  readonly #told = new WeakMap<ReplicaClient, { readonly since: number; state?: ReplicaState }>();
  /** The state that any connection was told last; true of each that was there before. */
  #last: { readonly at: number; readonly state: ReplicaState } | undefined;
  #examined: Promise<void> | undefined;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #complaint: string | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  get isResting(): boolean {
    return performance.now() < this.#restsUntil;
  }

  /**
   * @param examine - looks whether it holds tenants apart, once
   * @returns a connection to it that is far enough; `'behind'`, or `'unusable'`, which is in the log
   */
  async connect(
    needed: WalPosition,
    examine?: (client: ReplicaClient) => Promise<void>,
  ): Promise<ReplicaClient | 'behind' | 'unusable'> {
    let client: ReplicaClient;
    try {
      client = await this.#options.connect();
    } catch (error) {
      // All its connections are in use, and nothing is wrong with it.
      if (isBusy(error)) return 'behind';
      return this.#rest(`no connection to it could be had: ${(error as Error).message}`);
    }
    const release = releaseOf(client, client.release);
    try {
      const found = await this.#standing(client, needed);
      if (found === 'far enough') {
        // The policies that are looked at are those that the read finds.
        if (examine) await (this.#examined ??= examine(client));
        this.#complaint = undefined;
        return client;
      }
      client.hold('setup');
      release();
      return found === 'behind' ? found : this.#rest(WHY[found], found === 'of another cluster' ? LONG_REST : REST);
    } catch (error) {
      this.#examined = undefined;
      release(error as Error);
      return this.#rest((error as Error).message, isTenantFloorError(error, 'floor_unsafe') ? LONG_REST : REST);
    }
  }

  async #standing(client: ReplicaClient, needed: WalPosition): Promise<Standing> {
    const own = this.#told.get(client) ?? { since: performance.now() };
    this.#told.set(client, own);
    for (const known of [own.state, own.since < (this.#last?.at ?? 0) ? this.#last?.state : undefined]) {
      if (known && standing(known, needed) === 'far enough') return 'far enough';
    }
    await new Promise<void>((resolve, reject) => client.whenSetUp((error) => (error ? reject(error) : resolve())));
    client.hold('setup');
    const at = performance.now();
    // A replica that follows a failover changes its timeline on the same connection.
    const isKnown = own.state?.timeline === needed.timeline;
    own.state = await askReplayed(client, isKnown ? own.state : undefined);
    this.#last = { at, state: own.state };
    return standing(own.state, needed);
  }

  #rest(complaint: string, milliseconds = REST): 'unusable' {
    this.#restsUntil = performance.now() + milliseconds;
    if (complaint !== this.#complaint) logger.error(`${this.#options.title} is left out: ${complaint}`);
    this.#complaint = complaint;
    return 'unusable';
  }
}

/** As pg-pool says it, which has no code for it. */
function isBusy(error: unknown): boolean {
  const isFull = error instanceof Error && error.message === 'timeout exceeded when trying to connect';
  return isFull || isTenantFloorError(error, 'tenant_databases_exhausted');
}
