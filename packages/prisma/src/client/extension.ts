import { captureCaller, type Scope } from './scope.js';
import { type QueryPlan, ScopedQuery } from './scoped-query.js';

/** The argument of `$extends`. As in Prisma, `compute` of `result` gets the columns of one row, and all else is on top of the scope. */
export interface Extension {
  readonly name?: string;
  readonly model?: Readonly<Record<string, object>>;
  readonly client?: object;
  readonly result?: unknown;
  readonly query?: Readonly<Record<string, Hook | Readonly<Record<string, Hook>>>>;
}

/** A query hook of the application's: it may change `args` before, and the result after; `query` leads into the scope. */
export type Hook = (call: {
  readonly model: string | undefined;
  readonly operation: string;
  readonly args: unknown;
  readonly query: (args: unknown) => PromiseLike<unknown>;
}) => unknown;

/** The hooks of an operation, outermost first, in Prisma's own order. `property` is null for raw SQL. */
export function hooksOf(extensions: readonly Extension[], property: string | null, operation: string): readonly Hook[] {
  return extensions.flatMap(({ query }) => {
    if (!query) return [];
    const ofModel = property === null ? [] : [query[property], query['$allModels']];
    const hooks = [
      ...ofModel.flatMap((hooks) => (typeof hooks === 'object' ? [hooks[operation], hooks['$allOperations']] : [])),
      query[operation],
      query['$allOperations'],
    ];
    return hooks.filter((hook): hook is Hook => typeof hook === 'function');
  });
}

/**
 * A query inside hooks: each gets arguments of its own, and what it passes on is scoped then, and not before. What leads on is a
 * query as well, so that a hook may put it into a `$transaction` of its own.
 */
export function planHooked(
  hooks: readonly Hook[],
  scope: Scope,
  call: { readonly model: string | undefined; readonly operation: string; readonly args: unknown },
  plan: (args: unknown) => QueryPlan,
): QueryPlan {
  const caller = captureCaller(scope);
  const { within } = caller;
  const from = (index: number, args: unknown): QueryPlan => {
    const [hook, isLent] = [hooks[index], index > 0];
    if (!hook) return { ...plan(args), isLent };
    const run = (finish: (plan: QueryPlan) => Promise<unknown>) => {
      const query = (next: unknown) =>
        new ScopedQuery(() => {
          const lent = within(() => from(index + 1, next));
          return { ...lent, run: () => finish(lent) };
        });
      return within(async () => hook({ ...call, args: copyOf(args ?? {}), query }));
    };
    return {
      scope,
      caller,
      isLent,
      single: null,
      inTransaction: (client) => run((each) => each.inTransaction(client)),
      run: () => run((each) => each.run()),
    };
  };
  return from(0, call.args);
}

/** Hooks change arguments in place, and the caller's stay as they are. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return Object.isFrozen(value) && 'raw' in value ? value : value.map(copyOf);
  if (value === null || typeof value !== 'object') return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, copyOf(entry)]));
}
