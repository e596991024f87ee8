import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel } from '../schema/model.js';
import { operations } from '../scope/operations.js';
import { structure } from '../scope/structure.js';
import { callSiteOf } from './call-site.js';
import { hooksOf, planHooked } from './extension.js';
import { type ModelCall, planModelQuery } from './model-query.js';
import type { RawDelegate } from './raw-client.js';
import type { Scope } from './scope.js';
import { ScopedQuery } from './scoped-query.js';

/** `prisma.job`: each operation of Prisma's, either scoped or refused (P23). */
export function modelDelegate(scope: Scope, model: ScopedModel): Record<string, unknown> {
  const raw = scope.source.template[model.property] as RawDelegate;
  // Names of columns, to compare one with another in a filter.
  const { fields } = raw;
  const delegate: Record<string, unknown> = { fields };
  for (const name of Object.keys(raw)) {
    if (typeof raw[name] !== 'function') continue;
    const operation = operations.get(name);
    if (operation) {
      const call = (args: unknown) => {
        const site = scope.showsCallSites ? callSiteOf(call) : null;
        return modelQuery({ scope, model, name, operation, args, path: [], site }, model);
      };
      delegate[name] = call;
    } else {
      delegate[name] = () => {
        throw unknownOperation(model, name);
      };
    }
  }
  return delegate;
}

/** @param target the model that the query's result is of, or null when it is no single row. */
function modelQuery(call: ModelCall, target: ScopedModel | null): ScopedQuery {
  const { scope, model, name } = call;
  const Query = target && call.operation.isOne ? fluentQuery(target) : ScopedQuery;
  const hooks = hooksOf(scope.extensions, model.property, name);
  const plan = (args: unknown) => planModelQuery({ ...call, args });
  const query = new Query(
    () =>
      hooks.length === 0
        ? planModelQuery(call)
        : planHooked(hooks, scope, { model: model.name, operation: name, args: call.args }, plan),
    call.site,
  );
  if (query instanceof FluentQuery) calls.set(query, call);
  return query;
}

/** A query of one row, with a method for each relation of it (P25). */
class FluentQuery extends ScopedQuery {}

const calls = new WeakMap<FluentQuery, ModelCall>();
const fluentQueries = new WeakMap<ScopedModel, typeof FluentQuery>();

function fluentQuery(model: ScopedModel): typeof FluentQuery {
  const known = fluentQueries.get(model);
  if (known) return known;
  const Query = class extends FluentQuery {};
  for (const field of model.fields.values()) {
    if (field.kind !== 'relation' || field.name in ScopedQuery.prototype) continue;
    Object.defineProperty(Query.prototype, field.name, {
      value(this: FluentQuery, args?: unknown) {
        const call = calls.get(this) as ModelCall;
        const path = [...call.path, field.name];
        return modelQuery(
          { ...call, path, args: selecting(call.args, path, args ?? true) },
          field.isList ? null : field.to,
        );
      },
    });
  }
  fluentQueries.set(model, Query);
  return Query;
}

/** The arguments with `{ select: { [path]: args } }`, at the end of the path. */
function selecting(given: unknown, [relation = '', ...rest]: readonly string[], args: unknown): unknown {
  const known = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {};
  const select = (known['select'] ?? {}) as Record<string, unknown>;
  const value = rest.length === 0 ? args : selecting(select[relation], rest, args);
  return structure([
    ...Object.entries(known).filter(([key]) => key !== 'select'),
    ['select', structure([...Object.entries(select), [relation, value]])],
  ]);
}

function unknownOperation(model: ScopedModel, name: string): TenantScopeError {
  return new TenantScopeError(
    'scope_refused',
    `${model.name}.${name} was refused: this version does not know how to keep it within the tenant. ` +
      `It knows ${[...operations.keys()].join(', ')}.`,
  );
}
