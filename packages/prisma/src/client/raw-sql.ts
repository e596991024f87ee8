import { constantOf } from './constant.js';
import { hooksOf, planHooked } from './extension.js';
import type { LazyQuery, RawClient } from './raw-client.js';
import { startQuery, withClient } from './run-query.js';
import { captureCaller, type Scope } from './scope.js';
import { type QueryPlan, ScopedQuery } from './scoped-query.js';

/** P22: what sends SQL of the application's own. Allowed over a pool that binds each query to the tenant. */
export const RAW_SQL = ['$queryRaw', '$executeRaw', '$queryRawUnsafe', '$executeRawUnsafe', '$queryRawTyped'] as const;

/**
 * A raw method of a client without a floor: SQL that is constants alone is answered, inside a tenant and outside, for health checks.
 * For anything else `refuse` throws.
 */
export function constantSql(
  scope: Scope,
  name: string,
  refuse: () => never,
): (...args: readonly unknown[]) => PromiseLike<unknown> {
  return (...args) => answered(scope, name, args) ?? refuse();
}

/** Not in a transaction: that is its tenant's, and the query would not be in it. */
function answered(scope: Scope, name: string, args: readonly unknown[]): ConstantQuery | undefined {
  const sql = scope.transaction === null ? constantOf(name, args) : undefined;
  return sql === undefined ? undefined : new ConstantQuery(scope, sql);
}

function isOutside({ context }: Scope): boolean {
  try {
    return context.tenantId === '';
  } catch {
    return true;
  }
}

/** Asks the database for constants, when it is awaited. It belongs to no tenant, and goes into no `$transaction`. */
class ConstantQuery implements PromiseLike<unknown> {
  readonly #run: () => Promise<unknown>;

  constructor({ before, source }: Scope, sql: string) {
    let running: Promise<unknown> | undefined;
    const ask = async () => {
      if (before) await before;
      return await (source.template['$queryRawUnsafe'] as (sql: string) => LazyQuery)(sql);
    };
    this.#run = () => (running ??= ask());
  }

  // biome-ignore lint/suspicious/noThenProperty: as Prisma's own queries, it begins when it is awaited.
  then<A = unknown, B = never>(
    onResult?: ((value: unknown) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#run().then(onResult, onError);
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.#run().catch(onError);
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    return this.#run().finally(onFinally);
  }
}

/** A raw method of the scoped client: lazy as the models' own, so that `$transaction([…])` can take it. */
export function rawSql(scope: Scope, name: string): (...args: readonly unknown[]) => PromiseLike<unknown> {
  const hooks = hooksOf(scope.extensions, null, name);
  const plan = (args: unknown) => planRawSql(scope, name, args as readonly unknown[]);
  return (...args) =>
    (isOutside(scope) ? answered(scope, name, args) : undefined) ??
    new ScopedQuery(() =>
      hooks.length === 0 ? plan(args) : planHooked(hooks, scope, { model: undefined, operation: name, args }, plan),
    );
}

function planRawSql(scope: Scope, name: string, args: readonly unknown[]): QueryPlan {
  const caller = captureCaller(scope);
  const start = (client: RawClient) => (client[name] as (...args: readonly unknown[]) => LazyQuery)(...args);
  const send = (client: RawClient, isGathered: boolean) => startQuery(scope, caller, isGathered, () => start(client));
  return {
    scope,
    caller,
    single: { start, check: (result) => result, mayRefuse: false, isRead: false },
    inTransaction: (client) => send(client, true),
    run: () => withClient(scope, caller, (client) => send(client, scope.transaction !== null)),
  };
}
