import { TenantScopeError } from '../errors/tenant-scope-error.js';

/** A query that Prisma starts when it is first awaited. */
export interface LazyQuery {
  then<A, B>(onResult: (value: unknown) => A, onError: (error: unknown) => B): PromiseLike<A | B>;
}

/** Runs something in the tenant's context that was there when the query was created. */
export type Within = <R>(fn: () => R) => R;

/** What a query is made of: the tenant it belongs to, and the query itself or the reason why there is none. */
export interface QueryPlan {
  readonly client: object;
  readonly tenantId: string | null;
  readonly query: { readonly start: () => LazyQuery } | { readonly refusal: unknown };
  readonly within: Within;
  /** Runs `start` so that Prisma never sends it together with the query of another tenant. */
  readonly schedule: (start: () => Promise<unknown>) => Promise<unknown>;
  readonly check: (result: unknown) => unknown;
}

/**
 * What an operation of the scoped client returns: lazy as Prisma's own, so that `$transaction([…])` can take it.
 *
 * C1: Prisma reads the context where a query is *awaited*. This one belongs to the tenant that *created* it, and runs as
 * that tenant wherever it is awaited.
 */
export class ScopedQuery implements PromiseLike<unknown> {
  readonly [Symbol.toStringTag] = 'PrismaPromise';
  readonly #plan: QueryPlan;
  #running: Promise<unknown> | undefined;

  constructor(plan: QueryPlan) {
    this.#plan = plan;
  }

  /** For `$transaction` of the same library; the query itself is never handed to callers (P25). */
  static planOf(value: unknown): QueryPlan | undefined {
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

  /** P25: an unscoped client’s `$transaction` would run it beside unscoped queries. */
  requestTransaction(): never {
    throw new TenantScopeError(
      'scope_refused',
      'a scoped query was passed to the `$transaction` of another client. Use the scoped client’s own.',
    );
  }

  #run(): Promise<unknown> {
    return (this.#running ??= this.#start(this.#plan));
  }

  #start({ query, within, schedule, check }: QueryPlan): Promise<unknown> {
    if ('refusal' in query) return Promise.reject(query.refusal);
    const run = () => within(() => new Promise((resolve, reject) => query.start().then(resolve, reject)));
    return schedule(run).then(check);
  }
}
