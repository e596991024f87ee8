import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import {
  type CapturedTenant,
  captureTenant,
  TENANT_POOL,
  type TenantPoolLike,
  type TenantReader,
} from '@tenancy/core/adapter';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { isStalePlan, keepsPlan } from '../protocol/stale-plan.js';
import { needsNoTenant } from '../statement/needs-no-tenant.js';
import { Arrivals } from './arrivals.js';
import { BindingCache } from './binding-cache.js';
import { BoundClient, type Holder } from './bound-client.js';
import { checkoutOf } from './checkout.js';
import { InnerPools } from './inner-pools.js';
import type { Isolation, Placement } from './isolation.js';
import { PoolConnections } from './pool-connections.js';
import { type Release, releaseOf } from './release.js';
import { type TenantPoolOptions, validated } from './tenant-pool-options.js';
import { Verification } from './verification.js';

type Asked = string | { readonly text?: string } | null | undefined;

type Answer = (...answer: unknown[]) => void;

type ConnectCallback = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

/** C6: a socket is opened in nobody's context, or what it delivers later would be delivered in its first user's. */
const nobody = new AsyncResource('TenantPool');

const NOTHING: Release = () => {};

/** Milliseconds for a server to let a connection in, where nobody says otherwise. pg would wait for ever. */
const CONNECT_TIMEOUT = 30_000;

/** As pg says it. */
const AFTER_END = 'Cannot use a pool after calling end on the pool';

const logger = new Logger('TenantPool');

/**
 * A `pg.Pool` whose every query runs as the tenant that asked for it. See `createTenantPool`.
 *
 * It is a class for libraries that make their pool themselves, as TypeORM does with its `driver`.
 */
export class TenantPool extends Pool implements TenantPoolLike {
  /** How an adapter knows the pool, whichever copy of this package made it. */
  readonly [TENANT_POOL] = true;
  readonly #context: TenantReader;
  readonly #isolation: Isolation;
  readonly #bindings = new BindingCache();
  /** As they were given: pg fills in defaults, which are for this pool alone. */
  readonly #options: PoolConfig;
  readonly #connections = new PoolConnections(this, CONNECT_TIMEOUT);
  readonly #inner: InnerPools;
  readonly #verification: Verification;
  readonly #arrivals = new Arrivals();
  /** The holder that a `pool.query` is for, while pg takes it to `connect`. */
  #queryFor: CapturedTenant | undefined;

  constructor(options: TenantPoolOptions) {
    super({ ...validated(options), Client: BoundClient } as PoolConfig);
    // As a method it would have to repeat pg's eight overloads.
    this.query = this.#query.bind(this) as Pool['query'];
    this.#options = options;
    this.#context = options.context;
    this.#isolation = options.isolation;
    this.#inner = new InnerPools(this, options.isolation);
    this.#verification = new Verification(
      (callback) => super.connect(callback),
      nobody,
      options.isolation,
      options.checks ?? {},
    );
  }

  /** How the tenants of this pool are kept apart. */
  get strategy(): Isolation['strategy'] {
    return this.#isolation.strategy;
  }

  /**
   * The schema that holds the current tenant's tables: for libraries that name it in their queries, as Prisma does. Null
   * where tenants have no schema of their own.
   *
   * @throws `tenant_context_missing` without a tenant, `tenant_unplaceable` when it has no place of its own.
   */
  get currentSchema(): string | null {
    return this.#isolation.place(this.#context.current()).schema ?? null;
  }

  /**
   * Runs the start-up checks, once. The first query runs them too; an application that calls this when it starts learns
   * of a fault before its first request does.
   *
   * @throws `floor_unsafe` with every finding and its fix. The next call looks again.
   * @throws what pg throws when it cannot connect.
   */
  verify(): Promise<void> {
    return this.#verification.run();
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | undefined {
    const queryFor = this.#queryFor;
    if (queryFor && callback) {
      this.#acquire(queryFor, undefined, callback);
      return undefined;
    }
    const captured = captureTenant(this.#context);
    const scope = new AsyncResource('TenantCheckout');
    if (callback) {
      this.#acquire(captured, scope, (...answer) => scope.runInAsyncScope(callback, null, ...answer));
      return undefined;
    }
    return new Promise((resolve, reject) =>
      this.#acquire(captured, scope, (error, client) => (client ? resolve(client) : reject(error))),
    );
  }

  #query(query: Asked, values?: unknown, callback?: unknown): unknown {
    const captured = captureTenant(this.#context);
    const [answer, parameters] = typeof values === 'function' ? [values, undefined] : [callback, values];
    // C2: pg calls back in the context of whoever gave the connection back.
    const settle = typeof answer === 'function' ? AsyncResource.bind(answer as Answer) : undefined;
    if (!captured.tenant && !needsNoTenant(typeof query === 'string' ? query : query?.text)) {
      if (!settle) return Promise.reject(captured.refusal);
      process.nextTick(settle, captured.refusal);
      return undefined;
    }
    if (keepsPlan(query)) return this.#fresh(query, parameters, settle, captured, this.options.max);
    return this.#ask(query, parameters, settle, captured);
  }

  #ask(query: Asked, values: unknown, settle: Answer | undefined, captured: CapturedTenant): unknown {
    this.#queryFor = captured;
    try {
      return super.query(query as string, values as unknown[], settle as never);
    } finally {
      this.#queryFor = undefined;
    }
  }

  /** O13: a named statement that did not run as its plan is stale runs on another connection; this one is closed. All others may be like it. */
  #fresh(query: Asked, values: unknown, settle: Answer | undefined, captured: CapturedTenant, others: number): unknown {
    const again = () => this.#fresh(query, values, settle, captured, others - 1);
    const isToRun = (error: unknown) => others > 0 && isStalePlan(error);
    if (!settle) {
      const asked = this.#ask(query, values, undefined, captured) as Promise<unknown>;
      return asked.catch((error: unknown) => (isToRun(error) ? again() : Promise.reject(error)));
    }
    return this.#ask(query, values, (...answer) => (isToRun(answer[0]) ? again() : settle(...answer)), captured);
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | undefined {
    const ended = this.#end();
    if (!callback) return ended;
    ended.then(callback, callback);
    return undefined;
  }

  async #end(): Promise<void> {
    if (this.#arrivals.isClosed) throw new Error('Called end on pool more than once');
    // Who asked before has not come to pg's own queue yet, and would be refused.
    const arrived = this.#arrivals.close();
    const own = this.#connections.seeOut(arrived ? arrived.then(() => super.end()) : super.end());
    await Promise.all([
      own.then(() => void this.#connections.closed()),
      arrived ? arrived.then(() => this.#isolation.end?.()) : this.#isolation.end?.(),
    ]);
  }

  /** C6: the pool's events come when somebody gives a connection back, or a timer runs out, and are in nobody's context. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const emit = () => super.emit(event as 'error', ...(args as [Error, PoolClient]));
    if (this.listenerCount(event) > 0) return nobody.runInAsyncScope(emit);
    // Twice for every query, and mostly for no one.
    if (event !== 'error') return emit();
    // The pool opens another when it is needed. Without a listener it would end the process.
    logger.warn(`an idle connection was closed: ${(args[0] as Error | undefined)?.message}`);
    return false;
  }

  /** `scope` is where a checkout's replies are handed on; without it the connection is for one query of the pool. */
  #acquire(captured: CapturedTenant, scope: AsyncResource | undefined, callback: ConnectCallback): void {
    const settle = this.#arrivals.expect(callback);
    if (!settle) process.nextTick(callback, new Error(AFTER_END), undefined, NOTHING);
    else if (this.#verification.isDone) this.#place(captured, scope, settle);
    else {
      this.verify().then(
        () => this.#place(captured, scope, settle),
        (error) => settle(error, undefined, NOTHING),
      );
    }
  }

  #place(captured: CapturedTenant, scope: AsyncResource | undefined, callback: ConnectCallback): void {
    let placement: Placement | undefined;
    let holder: Holder;
    try {
      placement = captured.tenant ? this.#isolation.place(captured.tenant) : undefined;
      holder = this.#holderOf(captured, placement);
    } catch (error) {
      process.nextTick(callback, error, undefined, NOTHING);
      return;
    }
    const handOut = (client: BoundClient & PoolClient, giveBack: Release) =>
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
        const checkout = checkoutOf(client, captured, this.#context, release);
        callback(undefined, checkout, checkout.release);
      });
    const connect = placement?.connect;
    if (connect) {
      nobody
        .runInAsyncScope(() => connect((config) => this.#inner.create(config), this.#options))
        .then(
          (client) => handOut(client as BoundClient & PoolClient, client.release),
          (error) => callback(error, undefined, NOTHING),
        );
      return;
    }
    nobody.runInAsyncScope(() =>
      super.connect((error, client, release) => {
        if (client) handOut(client as BoundClient & PoolClient, release);
        else callback(error, undefined, NOTHING);
      }),
    );
  }

  #holderOf(captured: CapturedTenant, placement: Placement | undefined): Holder {
    // Nobody's queries are bound to nobody, so that they have a receipt as well.
    if (!placement) return { binding: this.#bindings.of([[this.#isolation.setting, '']]), refusal: captured.refusal };
    return { binding: this.#bindings.of(placement.settings), truncates: placement.ownsTables };
  }
}
