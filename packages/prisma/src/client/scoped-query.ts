import { OWN_TENANT } from '@tenancy/core/adapter';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { atCallSite, type CallSite } from './call-site.js';
import type { LazyQuery, RawClient } from './raw-client.js';
import type { Caller, Scope } from './scope.js';

/** The parts of a query, once its arguments are scoped: the one query of Prisma's, or several steps in a transaction. */
export interface QueryPlan {
  readonly scope: Scope;
  readonly caller: Caller;
  /** True when it is what a query hook leads on to: a `$transaction` of the hook's takes it out of the one around it, as Prisma's does. */
  readonly isLent?: boolean;
  /** The whole of it as one query of Prisma's, which may go into a batch; null when it needs more than that. */
  readonly single: {
    readonly start: (client: RawClient) => LazyQuery;
    readonly check: (result: unknown) => unknown;
    /** True when `check` may refuse the result. */
    readonly mayRefuse: boolean;
    readonly isRead: boolean;
  } | null;
  /** All of it, step by step, on the client of a transaction. */
  readonly inTransaction: (client: RawClient) => Promise<unknown>;
  /** All of it, on its own. */
  readonly run: () => Promise<unknown>;
}

/**
 * The result of an operation of the scoped client: lazy as Prisma's own, so that `$transaction([…])` can take it.
 *
 * C1: Prisma reads the context where a query is *awaited*. This one belongs to the tenant that *created* it, and runs as
 * that tenant wherever it is awaited.
 */
export class ScopedQuery implements PromiseLike<unknown> {
  readonly [Symbol.toStringTag] = 'PrismaPromise';
  readonly [OWN_TENANT] = true;
  readonly #plan: QueryPlan | { readonly refusal: unknown };
  #running: Promise<unknown> | undefined;

  readonly #site: CallSite | null;

  /** As with Prisma's own errors, a refusal rejects: `.catch()` and `Promise.allSettled` see it. */
  constructor(plan: () => QueryPlan, site: CallSite | null = null) {
    this.#site = site;
    try {
      this.#plan = plan();
    } catch (refusal) {
      this.#plan = { refusal };
    }
  }

  /** For `$transaction` of the same library; the query itself is never handed to callers (P25). */
  static planOf(value: unknown): QueryPlan | { readonly refusal: unknown } | undefined {
    return typeof value === 'object' && value !== null && #plan in value ? value.#plan : undefined;
  }

  // biome-ignore lint/suspicious/noThenProperty: a lazy query is a thenable.
  then<A = unknown, B = never>(
    onResult?: ((value: unknown) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    // The callbacks are attached outside the tenant's context: they belong to whoever awaits.
    return this.#run().then(onResult, onError);
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.#run().catch(onError);
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    return this.#run().finally(onFinally);
  }

  /** P25: an unscoped client's `$transaction` would run it beside unscoped queries. */
  requestTransaction(): never {
    throw new TenantScopeError(
      'scope_refused',
      "a scoped query was passed to the `$transaction` of another client. Use the scoped client's own.",
    );
  }

  #run(): Promise<unknown> {
    return (this.#running ??= this.#start());
  }

  #start(): Promise<unknown> {
    const site = this.#site;
    if ('refusal' in this.#plan) return Promise.reject(this.#plan.refusal);
    try {
      const running = this.#plan.run();
      if (site === null) return running;
      return running.catch((error) => {
        throw atCallSite(error, site);
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
