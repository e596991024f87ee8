import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { captureTenant, TENANT_POOL, type TenantPoolLike, type TenantReader } from '@tenancy/core/adapter';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { BoundClient } from '../connections/bound-client.js';
import type { Isolation } from '../connections/isolation.js';
import { PoolConnections } from '../connections/pool-connections.js';
import { isStalePlan, keepsPlan } from '../protocol/stale-plan.js';
import { isFaultOfReplica, isReplayable } from '../replicas/fault-of-replica.js';
import { currentReading } from '../replicas/reading.js';
import { needsNoTenant } from '../statement/needs-no-tenant.js';
import { Arrivals } from './arrivals.js';
import { type Caller, type ConnectCallback, HandOut, NOTHING } from './hand-out.js';
import { InnerPools } from './inner-pools.js';
import { type TenantPoolOptions, validated } from './tenant-pool-options.js';
import { Verification } from './verification.js';

type Asked = string | { readonly text?: string } | null | undefined;

type Answer = (...answer: unknown[]) => void;

/** C6: a socket is opened in nobody's context, or what it delivers later would be delivered in its first user's. */
const nobody = new AsyncResource('TenantPool');

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
  readonly #connections = new PoolConnections(this, CONNECT_TIMEOUT);
  readonly #handOut: HandOut;
  readonly #verification: Verification;
  readonly #arrivals = new Arrivals();
  /** Whom a `pool.query` is for, while pg takes it to `connect`. */
  #queryFor: Caller | undefined;

  constructor(options: TenantPoolOptions) {
    super({ ...validated(options), Client: BoundClient } as PoolConfig);
    // As a method it would have to repeat pg's eight overloads.
    this.query = this.#query.bind(this) as Pool['query'];
    this.#context = options.context;
    this.#isolation = options.isolation;
    // The options as they were given: pg fills in defaults, which are for this pool alone.
    this.#handOut = new HandOut({
      ...{ options, nobody, inner: new InnerPools(this, options.isolation) },
      connect: (callback) => super.connect(callback as never),
    });
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
  async verify(): Promise<void> {
    await this.#verification.run();
    await this.#handOut.look();
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | undefined {
    const queryFor = this.#queryFor;
    if (queryFor && callback) {
      this.#acquire(queryFor, undefined, callback);
      return undefined;
    }
    const caller = this.#caller();
    const scope = new AsyncResource('TenantCheckout');
    if (callback) {
      this.#acquire(caller, scope, (...answer) => scope.runInAsyncScope(callback, null, ...answer));
      return undefined;
    }
    return new Promise((resolve, reject) =>
      this.#acquire(caller, scope, (error, client) => (client ? resolve(client) : reject(error))),
    );
  }

  #query(query: Asked, values?: unknown, callback?: unknown): unknown {
    const caller = this.#caller();
    const { captured } = caller;
    const [answer, parameters] = typeof values === 'function' ? [values, undefined] : [callback, values];
    // C2: pg calls back in the context of whoever gave the connection back.
    const settle = typeof answer === 'function' ? AsyncResource.bind(answer as Answer) : undefined;
    if (!captured.tenant && !needsNoTenant(typeof query === 'string' ? query : query?.text)) {
      if (!settle) return Promise.reject(captured.refusal);
      process.nextTick(settle, captured.refusal);
      return undefined;
    }
    const others = keepsPlan(query) ? this.options.max : 0;
    if (others > 0 || isReplayable(query, caller)) return this.#fresh(query, parameters, settle, caller, others);
    return this.#ask(query, parameters, settle, caller);
  }

  #caller(): Caller {
    return { captured: captureTenant(this.#context), reading: currentReading() };
  }

  #ask(query: Asked, values: unknown, settle: Answer | undefined, caller: Caller): unknown {
    this.#queryFor = caller;
    try {
      return super.query(query as string, values as unknown[], settle as never);
    } finally {
      this.#queryFor = undefined;
    }
  }

  /**
   * O13: a named statement that did not run as its plan is stale runs on another connection; this one is closed. All others may be like it. What
   * a replica has failed, the primary is asked: it is a read, so it may run twice.
   */
  #fresh(query: Asked, values: unknown, settle: Answer | undefined, caller: Caller, others: number): unknown {
    const next = (error: unknown): (() => unknown) | undefined => {
      if (caller.replica && isFaultOfReplica(error)) {
        return () => this.#fresh(query, values, settle, { ...caller, isFailed: true, replica: undefined }, others);
      }
      if (others === 0 || !isStalePlan(error)) return undefined;
      return () => this.#fresh(query, values, settle, { ...caller, replica: undefined }, others - 1);
    };
    if (!settle) {
      const asked = this.#ask(query, values, undefined, caller) as Promise<unknown>;
      return asked.catch((error: unknown) => next(error)?.() ?? Promise.reject(error));
    }
    return this.#ask(query, values, (...answer) => (next(answer[0]) ?? (() => settle(...answer)))(), caller);
  }

  /** Ends every connection, once the queries under way are done; also those to databases of single tenants. */
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
      (arrived ?? Promise.resolve()).then(() => Promise.all([this.#isolation.end?.(), this.#handOut.end()])),
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

  #acquire(caller: Caller, scope: AsyncResource | undefined, callback: ConnectCallback): void {
    const settle = this.#arrivals.expect(callback);
    if (!settle) process.nextTick(callback, new Error(AFTER_END), undefined, NOTHING);
    else if (this.#verification.isDone) this.#handOut.connect(caller, scope, settle);
    else {
      this.#verification.run().then(
        () => this.#handOut.connect(caller, scope, settle),
        (error) => settle(error, undefined, NOTHING),
      );
    }
  }
}
