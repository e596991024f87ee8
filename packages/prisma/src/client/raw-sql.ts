import { hooksOf, planHooked } from './extension.js';
import type { LazyQuery, RawClient } from './raw-client.js';
import { startQuery, withClient } from './run-query.js';
import { captureCaller, type Scope } from './scope.js';
import { type QueryPlan, ScopedQuery } from './scoped-query.js';

/** P22: what sends SQL of the application's own. Allowed over a pool that binds each query to the tenant. */
export const RAW_SQL = ['$queryRaw', '$executeRaw', '$queryRawUnsafe', '$executeRawUnsafe', '$queryRawTyped'] as const;

/** A raw method of the scoped client: lazy as the models' own, so that `$transaction([…])` can take it. */
export function rawSql(scope: Scope, name: string): (...args: readonly unknown[]) => ScopedQuery {
  const hooks = hooksOf(scope.extensions, null, name);
  const plan = (args: unknown) => planRawSql(scope, name, args as readonly unknown[]);
  return (...args) =>
    new ScopedQuery(() =>
      hooks.length === 0 ? plan(args) : planHooked(hooks, scope, { model: undefined, operation: name, args }, plan),
    );
}

function planRawSql(scope: Scope, name: string, args: readonly unknown[]): QueryPlan {
  const caller = captureCaller(scope);
  const start = (client: RawClient) => (client[name] as (...args: readonly unknown[]) => LazyQuery)(...args);
  const inTransaction = (client: RawClient) => startQuery(scope, caller, () => start(client));
  return {
    scope,
    caller,
    single: { start, check: (result) => result, mayRefuse: false, isRead: false },
    inTransaction,
    run: () => withClient(scope, caller, inTransaction),
  };
}
