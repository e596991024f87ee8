import type { AsyncResource } from 'node:async_hooks';
import type { Tenant } from '@tenancy/core';
import type { CapturedTenant, TenantReader } from '@tenancy/core/adapter';
import type { PoolClient, PoolConfig } from 'pg';
import type { BoundClient, Holder } from '../connections/bound-client.js';
import type { Isolation, Placement, ReplicatedPlace } from '../connections/isolation.js';
import { type Release, releaseOf } from '../connections/release.js';
import type { Access } from '../protocol/binding.js';
import { resolveReadOptions } from '../replicas/read-options.js';
import type { Reading } from '../replicas/reading.js';
import { ReplicaReads } from '../replicas/replica-reads.js';
import { BindingCache } from './binding-cache.js';
import { checkoutOf } from './checkout.js';
import type { InnerPools } from './inner-pools.js';
import { replicasOfPool } from './replicas-of-pool.js';
import type { TenantPoolOptions } from './tenant-pool-options.js';

export type ConnectCallback = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

/** Whoever asks for a connection. */
export interface Caller {
  readonly captured: CapturedTenant;
  /** Undefined where it may write. */
  readonly reading: Reading | undefined;
  /** True when a replica has failed it, so that the primary is to answer. */
  readonly isFailed?: boolean;
  /** Set when a replica is asked. */
  replica?: true | undefined;
}

/** The one who is handed the connection, and how. */
interface Recipient {
  readonly caller: Caller;
  readonly scope: AsyncResource | undefined;
  readonly callback: ConnectCallback;
}

/** A read, and where else it is answered. */
interface Sought {
  readonly placement: Placement;
  readonly place: ReplicatedPlace;
  /** For the primary. */
  readonly holder: Holder;
  readonly tenant: Tenant;
  readonly reading: Reading;
}

export const NOTHING: Release = () => {};

interface HandOutOptions {
  readonly options: TenantPoolOptions;
  readonly inner: InnerPools;
  /** Runs what is nobody's. */
  readonly nobody: AsyncResource;
  /** Checks a connection of the pool itself out, as pg does. */
  readonly connect: (callback: ConnectCallback) => void;
}

/** Leads whoever asks to the place of the tenant, or to a replica of it, and hands a connection out that is bound to them. */
export class HandOut {
  readonly #bindings = new BindingCache();
  readonly #context: TenantReader;
  readonly #isolation: Isolation;
  readonly #reads: ReplicaReads;
  readonly #own: ReplicatedPlace | undefined;
  readonly #given: HandOutOptions;

  constructor(given: HandOutOptions) {
    const { options, inner } = given;
    this.#given = given;
    this.#context = options.context;
    this.#isolation = options.isolation;
    this.#own = replicasOfPool(options);
    this.#reads = new ReplicaReads({
      settings: resolveReadOptions(options.reads),
      pool: options,
      createPool: (config) => inner.create(config),
      setting: options.isolation.setting,
      checks: options.checks ?? {},
    });
  }

  /** Looks at the replicas of the pool's own server; what is found is in the log. */
  async look(): Promise<void> {
    if (this.#own) await this.#reads.look(this.#own);
  }

  end(): Promise<void> {
    return this.#reads.end();
  }

  /** `scope` is where a checkout's replies are handed on; without it the connection is for one query of the pool. */
  connect(caller: Caller, scope: AsyncResource | undefined, callback: ConnectCallback): void {
    const { tenant } = caller.captured;
    const to: Recipient = { caller, scope, callback };
    try {
      const placement = tenant ? this.#isolation.place(tenant) : undefined;
      const place = placement && (placement.connect ? placement.replicated : this.#own);
      const holder = this.#holderOf(caller, placement, caller.reading ? 'read' : 'write');
      if (!tenant || !placement || !place) this.#toPrimary(to, placement, holder);
      else if (caller.reading) this.#toReplica(to, { placement, place, holder, tenant, reading: caller.reading });
      else this.#toPrimary(to, placement, holder, this.#reads.work.begin(tenant.id, keyOf(placement, place)));
    } catch (error) {
      process.nextTick(callback, error, undefined, NOTHING);
    }
  }

  #toReplica(to: Recipient, { placement, place, holder, tenant, reading }: Sought): void {
    const { caller, callback } = to;
    if (caller.isFailed) {
      this.#toPrimary(to, placement, holder);
      return;
    }
    const connectPrimary = () =>
      new Promise<PoolClient>((resolve, reject) =>
        this.#client(placement, (error, client) => (client ? resolve(client) : reject(error))),
      );
    this.#given.nobody
      .runInAsyncScope(() =>
        this.#reads.connect({ tenant, reading, place, key: keyOf(placement, place), connectPrimary }),
      )
      .then(
        (found) => {
          caller.replica = found && true;
          if (!found) this.#toPrimary(to, placement, holder);
          else this.#bind(to, found.client, found.client.release, this.#holderOf(caller, placement, found));
        },
        (error) => callback(error, undefined, NOTHING),
      );
  }

  /** @param done - called when the connection is given back, and before anybody learns what came of it */
  #toPrimary(to: Recipient, placement: Placement | undefined, holder: Holder, done = NOTHING): void {
    this.#client(placement, (error, client, giveBack) => {
      if (client) {
        const release: Release = (failure) => {
          done();
          giveBack(failure);
        };
        this.#bind(to, client as BoundClient & PoolClient, release, holder);
      } else {
        done();
        to.callback(error, undefined, NOTHING);
      }
    });
  }

  #bind({ caller, scope, callback }: Recipient, client: BoundClient & PoolClient, giveBack: Release, holder: Holder) {
    client.whenSetUp((error) => {
      const release = releaseOf(client, giveBack);
      if (error) {
        release(error);
        return callback(error, undefined, NOTHING);
      }
      client.hold(holder, scope);
      client.release = release;
      // pg's own pool sends the query while it is called back.
      if (!scope) return client.asHolder(() => callback(undefined, client, release));
      const checkout = checkoutOf(client, caller.captured, this.#context, release);
      callback(undefined, checkout, checkout.release);
    });
  }

  #client(placement: Placement | undefined, callback: ConnectCallback): void {
    const { nobody, inner, options, connect: own } = this.#given;
    const connect = placement?.connect;
    if (connect) {
      nobody
        .runInAsyncScope(() => connect((config: PoolConfig) => inner.create(config), options))
        .then(
          (client) => callback(undefined, client, client.release),
          (error) => callback(error, undefined, NOTHING),
        );
    } else nobody.runInAsyncScope(() => own(callback));
  }

  #holderOf({ captured }: Caller, placement: Placement | undefined, access: Access): Holder {
    // Nobody's queries are bound to nobody, so that they have a receipt as well.
    if (!placement) return { binding: this.#bindings.of([[this.#isolation.setting, '']]), refusal: captured.refusal };
    return { binding: this.#bindings.of(placement.settings, access), truncates: placement.ownsTables };
  }
}

/** A place that is another one is another text. */
function keyOf({ schema = '', ownsTables }: Placement, { server, home }: ReplicatedPlace): string {
  return `${server}\0${home}\0${schema}\0${ownsTables}`;
}
