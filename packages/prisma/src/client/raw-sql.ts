import { captureCaller, type Scope } from './scope.js';
import { type LazyQuery, type QueryPlan, ScopedQuery } from './scoped-query.js';

/** P22: what sends SQL of the application's own. Allowed over a pool that binds each query to the tenant. */
export const RAW_SQL = ['$queryRaw', '$executeRaw', '$queryRawUnsafe', '$executeRawUnsafe', '$queryRawTyped'] as const;

/** A raw method of the scoped client: lazy as the models' own, so that `$transaction([…])` can take it. */
export function rawSql(scope: Scope, name: string): (...args: readonly unknown[]) => ScopedQuery {
  const run = scope.client[name] as (...args: readonly unknown[]) => LazyQuery;
  return (...args) => new ScopedQuery(planRawSql(scope, () => Reflect.apply(run, scope.client, args)));
}

function planRawSql(scope: Scope, start: () => LazyQuery): QueryPlan {
  const shape = {
    client: scope.client,
    check: (result: unknown) => result,
  };
  try {
    const { tenantId, within } = captureCaller(scope);
    return { ...shape, tenantId, within, query: { start }, schedule: (run) => scope.turns.take(tenantId, run) };
  } catch (refusal) {
    return { ...shape, tenantId: null, query: { refusal }, within: (fn) => fn(), schedule: (run) => run() };
  }
}
