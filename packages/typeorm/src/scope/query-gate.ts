import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { isConstant } from './constant.js';
import { type DataSourceScope, isSystem, tenantIdOf } from './data-source-scope.js';
import { checkBeforeCommit, followTransaction } from './deferred-references.js';
import { refusedSql } from './refused-sql.js';
import type { QueryRunner } from './typeorm.js';

/** The SQL of scoped builders, by the array of parameters that goes with it, and whose rows it asks for. */
const generated = new WeakMap<object, Generated>();

interface Generated {
  readonly sql: string;
  readonly tenantId: string;
  /** What the parameters were, which the caller may have changed since. */
  readonly values: readonly unknown[];
}

/** Lets a builder's SQL through the gate, with these parameters, for this tenant. */
export function allow(sql: string, parameters: object, tenantId: string): void {
  generated.set(parameters, { sql, tenantId, values: Object.values(parameters) });
}

/** What begins and ends transactions says nothing about rows. */
const TRANSACTION =
  /^(?:(?:BEGIN|START)(?: TRANSACTION)?(?: ISOLATION LEVEL [A-Z ]+)?|SET TRANSACTION ISOLATION LEVEL [A-Z ]+|PRAGMA read_uncommitted = (?:true|false)|COMMIT|ROLLBACK|(?:SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) typeorm_\d+)$/;

const END = /^(?:COMMIT|ROLLBACK)$/;

const gated = new WeakSet<QueryRunner>();

/**
 * T12: every query of the data source comes through here, whoever sends it. What no scoped builder generated is refused,
 * unless the database itself holds tenants apart.
 */
export function gate(runner: QueryRunner, scope: DataSourceScope): QueryRunner {
  if (gated.has(runner)) return runner;
  gated.add(runner);
  /** T18: whose transaction it is. */
  let owner: string | null = null;
  const check = (sql: string, parameters: unknown) => {
    if (isSystem(scope)) return;
    if (TRANSACTION.test(sql) || isConstant(sql, scope.hasDual)) return;
    const tenantId = tenantIdOf(scope);
    if (!runner.isTransactionActive) owner = null;
    else owner ??= tenantId;
    if (owner !== null && owner !== tenantId) throw changed('a transaction that one tenant began was used by another');
    const known = typeof parameters === 'object' && parameters !== null ? generated.get(parameters) : undefined;
    if (known?.sql === sql && isUnchanged(known, parameters as object)) {
      if (known.tenantId !== tenantId) throw changed('SQL that was generated for one tenant was sent by another');
    } else if (!scope.hasFloor) {
      throw refusedSql('it is raw SQL');
    }
  };
  const { query, stream } = runner;
  const looking = (sql: string, parameters?: unknown) =>
    Reflect.apply(query, runner, [sql, parameters]) as Promise<unknown>;
  // Not `async`: turns of promises are much of what an operation costs beyond TypeORM's own work.
  runner.query = (sql, parameters, structured) => {
    if (scope.look && !isSystem(scope) && !TRANSACTION.test(sql)) {
      return scope.look(looking).then(() => runner.query(sql, parameters, structured));
    }
    try {
      check(sql, parameters);
    } catch (error) {
      return Promise.reject(error);
    }
    const send = () => Reflect.apply(query, runner, [sql, parameters, structured]) as Promise<unknown>;
    if (!TRANSACTION.test(sql)) return send();
    const late = sql === 'COMMIT' ? checkBeforeCommit(runner) : null;
    return (late ? late.then(send) : send()).then((answer) => {
      followTransaction(runner, sql);
      // The next transaction of a runner that a driver uses for all is anybody's.
      if (END.test(sql)) owner = null;
      return answer;
    });
  };
  if (stream) {
    runner.stream = async (sql, parameters, ...rest) => {
      await scope.look?.(looking);
      check(sql, parameters);
      return Reflect.apply(stream, runner, [sql, parameters, ...rest]);
    };
  }
  return runner;
}

function isUnchanged({ values }: Generated, parameters: object): boolean {
  const now = Object.values(parameters);
  return now.length === values.length && now.every((value, n) => Object.is(value, values[n]));
}

function changed(what: string): TenantScopeError {
  return new TenantScopeError(
    'query_tenant_changed',
    `${what}. Build and run queries, and begin transactions, in each tenant’s own context.`,
  );
}
