import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel } from '../schema/model.js';
import { type Operation, operations } from '../scope/operations.js';
import { scopeArguments } from '../scope/scope-arguments.js';
import type { RawDelegate } from './raw-client.js';
import { captureCaller, type Scope } from './scope.js';
import { type QueryPlan, ScopedQuery } from './scoped-query.js';

/** `prisma.job`: each operation of Prisma's, either scoped or refused (P23). */
export function modelDelegate(scope: Scope, model: ScopedModel, raw: RawDelegate): object {
  // Names of columns, to compare one with another in a filter.
  const { fields } = raw;
  const delegate: Record<string, unknown> = { fields };
  const Query = queryOf(model);
  for (const name of Object.keys(raw)) {
    if (typeof raw[name] !== 'function') continue;
    const operation = operations.get(name);
    delegate[name] = operation
      ? (args: unknown) => new Query(planQuery(scope, model, raw, name, operation, args))
      : () => {
          throw unknownOperation(model, name);
        };
  }
  return Object.freeze(delegate);
}

function planQuery(
  scope: Scope,
  model: ScopedModel,
  raw: RawDelegate,
  name: string,
  operation: Operation,
  args: unknown,
): QueryPlan {
  const shape = { client: scope.client, check: (result: unknown) => checkResult(model, name, result) };
  try {
    const { tenantId, within } = captureCaller(scope);
    const scoped = scopeArguments(args, { model, operation: name, tenantId }, operation);
    return {
      ...shape,
      tenantId,
      within,
      query: { start: () => (raw[name] as RawDelegate[string])(scoped) },
      schedule: (start) => scope.turns.take(tenantId, start),
    };
  } catch (refusal) {
    // As with Prisma's own errors, the promise rejects: `.catch()` and `Promise.allSettled` see it.
    return { ...shape, tenantId: null, query: { refusal }, within: (fn) => fn(), schedule: (start) => start() };
  }
}

/** P18: when the unique key belongs to a row that is not this tenant's, Prisma answers an upsert with null. */
function checkResult(model: ScopedModel, operation: string, result: unknown): unknown {
  if (operation !== 'upsert' || result !== null) return result;
  throw new TenantScopeError(
    'tenant_row_unavailable',
    `${model.name}.upsert found no row of this tenant, and could not create one, because a unique value is taken. ` +
      'Choose another, or put the tenant into the unique key so that each tenant has its own values.',
  );
}

/** P25: `findUnique(…).office()` continues through a relation. */
function queryOf(model: ScopedModel): typeof ScopedQuery {
  const Query = class extends ScopedQuery {};
  for (const [name, { kind }] of model.fields) {
    if (kind !== 'relation' || name in ScopedQuery.prototype) continue;
    Object.defineProperty(Query.prototype, name, {
      value: () => {
        throw new TenantScopeError(
          'scope_refused',
          `${model.name}.${name}() continues a query through a relation, and this version cannot keep that within the ` +
            `tenant. Query the related model of its own, by the foreign key of ${model.name}.`,
        );
      },
    });
  }
  return Query;
}

function unknownOperation(model: ScopedModel, name: string): TenantScopeError {
  return new TenantScopeError(
    'scope_refused',
    `${model.name}.${name} was refused: this version does not know how to keep it within the tenant. ` +
      `It knows ${[...operations.keys()].join(', ')}.`,
  );
}
