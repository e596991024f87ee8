import { AsyncResource } from 'node:async_hooks';
import { isConstant } from '@tenancy/core/adapter';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { asSystem, type DataSourceScope, isSystem, scopeOf, tenantIdOf } from '../scope/data-source-scope.js';
import { privateSlot } from '../scope/private-slot.js';
import { refusedSql } from '../sql/refused-sql.js';
import type { Builder, DataSource, QueryRunner } from '../typeorm-internals.js';
import { checkBeforeCommit, followTransaction } from '../writes/deferred-references.js';
import { enterOrLeave, requireNotOver, type Transaction, transactionOf } from '../writes/transactions.js';
import { patchOnce } from './patched-prototypes.js';

/** The SQL of scoped builders, by the array of parameters that goes with it, and whose rows it asks for. */
const generated = privateSlot<Generated>();

interface Generated {
  readonly sql: string;
  readonly tenantId: string;
  /** The parameters as they were generated: the caller may have changed them since. */
  readonly values: readonly unknown[];
  /** The builder itself would live as long as a driver keeps its parameters. */
  readonly transaction: Transaction | undefined;
}

/** Lets a builder's SQL through the gate, with these parameters, for this tenant. */
export function allow(sql: string, parameters: object, tenantId: string, builder: Builder): void {
  generated.set(parameters, { sql, tenantId, values: Object.values(parameters), transaction: transactionOf(builder) });
}

/** Statements that begin and end transactions say nothing about rows. */
const TRANSACTION =
  /^(?:(?:BEGIN|START)(?: TRANSACTION)?(?: ISOLATION LEVEL [A-Z ]+)?|SET TRANSACTION ISOLATION LEVEL [A-Z ]+|PRAGMA read_uncommitted = (?:true|false)|COMMIT|ROLLBACK|(?:SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) typeorm_\d+)$/;

const END = /^(?:COMMIT|ROLLBACK)$/;

/** T18: whose transaction it is. */
const owners = privateSlot<string>();

/**
 * T12: every query of the data source comes through here, whoever sends it, and whenever the query runner was made. What no scoped
 * builder generated is refused, unless the database itself holds tenants apart.
 *
 * @returns undoes it.
 */
export function gateQueryRunners(source: DataSource): () => void {
  const runners = Object.getPrototypeOf(source.createQueryRunner()) as QueryRunner;
  const hasCallbacks = /^(?:mysql|mariadb)$/.test(source.options.type);
  return patchOnce(runners, () => [
    replace(runners, 'query', (runner, scope, original, args) => {
      const [sql, parameters] = args;
      const send = () => original() as Promise<unknown>;
      const isTransaction = TRANSACTION.test(sql);
      if (scope.look && !isTransaction && !isSystem(scope)) {
        const ask = (question: string, values?: unknown) => original(question, values) as Promise<unknown>;
        return scope.look(ask).then(() => runner.query(...args));
      }
      // Not `async`: turns of promises are much of what an operation costs beyond TypeORM's own work.
      try {
        check(runner, scope, sql, parameters);
      } catch (error) {
        return Promise.reject(error);
      }
      if (!isTransaction) return send();
      const late = sql === 'COMMIT' ? checkBeforeCommit(runner) : null;
      const enterOrLeaveIt = () => {
        enterOrLeave(runner, sql);
        return send();
      };
      return (late ? late.then(enterOrLeaveIt) : enterOrLeaveIt()).then((answer) => {
        followTransaction(runner, sql);
        // The next transaction of a runner that a driver uses for all is anybody's.
        if (END.test(sql)) owners.set(runner, undefined);
        return answer;
      });
    }),
    replace(runners, 'stream', async (runner, scope, original, [sql, parameters, ...listeners]) => {
      await scope.look?.((question, values) => asSystem(scope, () => runner.query(question, values)));
      check(runner, scope, sql, parameters);
      return asCaller(await original(sql, parameters, ...listeners.map(bound)));
    }),
    // Where a driver has callbacks, TypeORM tells subscribers and loggers of a query from within them.
    ...(hasCallbacks
      ? [replace(runners, 'connect', async (_runner, _scope, original) => withCallbacks(await original()))]
      : []),
  ]);
}

type Replacement = (
  runner: QueryRunner,
  scope: DataSourceScope,
  original: (...args: unknown[]) => unknown,
  args: readonly [sql: string, parameters?: unknown, ...rest: unknown[]],
) => Promise<unknown>;

function replace(prototype: QueryRunner, name: 'query' | 'stream' | 'connect', replacement: Replacement): () => void {
  const own = Object.getOwnPropertyDescriptor(prototype, name);
  const method = prototype[name];
  if (typeof method !== 'function') return () => {};
  const replaced = function (this: QueryRunner, ...args: Parameters<Replacement>[3]) {
    const original = (...others: unknown[]) => Reflect.apply(method, this, others.length > 0 ? others : args);
    const scope = scopeOf(this.dataSource ?? this.connection);
    return scope ? replacement(this, scope, original, args) : (original() as Promise<unknown>);
  };
  Object.assign(prototype, { [name]: replaced });
  return () => {
    delete prototype[name];
    if (own) Object.defineProperty(prototype, name, own);
  };
}

function check(runner: QueryRunner, scope: DataSourceScope, sql: string, parameters: unknown): void {
  if (isSystem(scope)) return;
  if (TRANSACTION.test(sql) || isConstant(sql, scope.hasDual)) return;
  const tenantId = tenantIdOf(scope);
  const before = owners.get(runner);
  const owner = runner.isTransactionActive ? (before ?? tenantId) : undefined;
  if (owner !== before) owners.set(runner, owner);
  if (owner !== undefined && owner !== tenantId)
    throw changed('a transaction that one tenant began was used by another');
  const known = generated.get(parameters);
  if (known?.sql === sql && isUnchanged(known, parameters as object)) {
    if (known.tenantId !== tenantId) throw changed('SQL that was generated for one tenant was sent by another');
    requireNotOver(known.transaction);
  } else if (!scope.hasFloor) {
    throw refusedSql('it is raw SQL');
  }
}

/** C6: a stream's events come from the connection, in the context of whoever opened that. */
function asCaller(stream: unknown): unknown {
  const emitter = stream as { emit?: (...args: unknown[]) => unknown } | null;
  if (typeof emitter?.emit !== 'function') return stream;
  const { emit } = emitter;
  const caller = new AsyncResource('TenantStream');
  emitter.emit = function (...args) {
    return caller.runInAsyncScope(emit, this, ...args);
  };
  return stream;
}

const withBoundCallbacks = new WeakSet<object>();

function withCallbacks(connection: unknown): unknown {
  const { query } = (connection ?? {}) as { query?: (...args: unknown[]) => unknown };
  if (typeof query !== 'function' || withBoundCallbacks.has(connection as object)) return connection;
  withBoundCallbacks.add(connection as object);
  Object.assign(connection as object, {
    query(this: object, ...args: unknown[]) {
      return Reflect.apply(query, this, args.map(bound));
    },
  });
  return connection;
}

function bound(listener: unknown): unknown {
  return typeof listener === 'function' ? AsyncResource.bind(listener as () => unknown) : listener;
}

function isUnchanged({ values }: Generated, parameters: object): boolean {
  const now = Object.values(parameters);
  return now.length === values.length && now.every((value, n) => Object.is(value, values[n]));
}

function changed(what: string): TenantScopeError {
  return new TenantScopeError(
    'query_tenant_changed',
    `${what}. Build and run queries, and begin transactions, in each tenant's own context.`,
  );
}
