import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel } from '../schema/model.js';
import type { Operation } from '../scope/operations.js';
import { scopeArguments } from '../scope/scope-arguments.js';
import { type CallSite, withoutCallSite } from './call-site.js';
import { guarded } from './guard-rows.js';
import type { LazyQuery, RawClient, RawDelegate } from './raw-client.js';
import { startQuery, transactionally, withClient } from './run-query.js';
import { captureCaller, type Scope } from './scope.js';
import type { QueryPlan } from './scoped-query.js';

/** A call of a model's operation. */
export interface ModelCall {
  readonly scope: Scope;
  readonly model: ScopedModel;
  readonly name: string;
  readonly operation: Operation;
  readonly args: unknown;
  /** P25: the relations that the fluent API went through. */
  readonly path: readonly string[];
  readonly site: CallSite | null;
}

/** Scopes the call's arguments, and plans how it runs. */
export function planModelQuery({ scope, model, name, operation, args, path }: ModelCall): QueryPlan {
  const caller = captureCaller(scope);
  const { tenantId } = caller;
  const scoped = scopeArguments(
    args,
    {
      model,
      operation: name,
      tenantId,
      hasFloor: scope.hasFloor,
      computed: scope.computed,
      forbidsUndefined: scope.forbidsUndefined,
    },
    operation,
  );
  const isRead = operation.kind === 'read';
  const check = (result: unknown) => {
    if (!scoped.result.isEmpty) scoped.result.check(result, tenantId);
    return resultOf(model, name, result, path);
  };
  const make = (client: RawClient) =>
    ((client[model.property] as RawDelegate)[name] as RawDelegate[string])(scoped.args);
  const start = scope.showsCallSites ? (client: RawClient) => withoutCallSite(() => make(client)) : make;
  const send = (client: RawClient, isGathered: boolean) =>
    startQuery(scope, caller, isGathered, () => start(client), check);
  const inTransaction = async (client: RawClient) => {
    const ask = (query: () => LazyQuery) => startQuery(scope, caller, true, query);
    let isWritten = false;
    const write = async () => {
      const result = await ask(() => start(client));
      isWritten = !isRead && result !== null;
      return result;
    };
    try {
      return check(await guarded(scoped.guards, client, ask, write));
    } catch (error) {
      // Whoever catches this must not commit what is written by now.
      if (scope.transaction && isWritten) scope.transaction.failure ??= { error };
      throw error;
    }
  };
  const needsTransaction = !scoped.guards.isEmpty || (!isRead && !scoped.result.isEmpty);
  const mayRefuse = !scoped.result.isEmpty || name === 'upsert';
  return {
    scope,
    caller,
    single: needsTransaction ? null : { start, check, mayRefuse, isRead },
    inTransaction,
    run: needsTransaction
      ? () => transactionally(scope, caller, inTransaction)
      : () =>
          withClient(scope, caller, (client) =>
            send(client, scope.transaction !== null || operation.isGathered === true),
          ),
  };
}

function resultOf(model: ScopedModel, name: string, result: unknown, path: readonly string[]): unknown {
  // P18: when the unique key belongs to a row that is not this tenant's, Prisma answers an upsert with null.
  if (name === 'upsert' && result === null) {
    throw new TenantScopeError(
      'tenant_row_unavailable',
      `${model.name}.upsert found no row of this tenant, and could not create one, because a unique value is taken. ` +
        'Choose another, or put the tenant into the unique key so that each tenant has its own values.',
    );
  }
  return path.reduce<unknown>((row, relation) => (row as Record<string, unknown> | null)?.[relation] ?? null, result);
}
