import { endsOf, isTable, rowConditions, TENANT, tableConditions } from '../scope/conditions.js';
import { type DataSourceScope, scopeOfBuilder, tenantIdOf } from '../scope/data-source-scope.js';
import { MARK, refusedSql } from '../sql/refused-sql.js';
import { sealed, unsealed } from '../sql/sealed-sql.js';
import { checkClosed, checkedStatement } from '../sql/statement.js';
import type { Builder, DataSource, Metadata } from '../typeorm-internals.js';
import { inTurn } from '../writes/in-turn.js';
import { arePartsKnown, withPartsChecked } from '../writes/partial-references.js';
import { areReferencesChecked, checkReferences } from '../writes/references.js';
import { requireChange } from '../writes/shared-rows.js';
import { insertUntaken, keepKeys } from '../writes/taken-rows.js';
import { rememberTransaction } from '../writes/transactions.js';
import { checkUnmoved, settingTenantOnce } from '../writes/unmoved.js';
import { checkUpsert, needsCondition } from '../writes/upsert.js';
import { overwritingOwn, ownTarget } from '../writes/upsert-sql.js';
import { checkExpressions, type Inserted, returnTenant, stamp } from '../writes/write-values.js';
import { patchOnce } from './patched-prototypes.js';
import { allow } from './query-gate.js';

type Method = (this: Builder, ...args: unknown[]) => unknown;
type Prototype = Record<string, Method | undefined>;
/** @param original calls what is replaced, on the same builder, with the same arguments where it is given none. */
type Replacement = (
  builder: Builder,
  scope: DataSourceScope,
  original: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
) => unknown;

/** Early 0.3 decides by itself how it joins what it loads, always keeping the parent's row, and has no condition of upserts. */
const OPTIONAL = new Set(['getRelationJoinType', 'createUpsertConditionExpression']);

/**
 * Scopes the query builders of the copy of TypeORM that made `dataSource`. All that repositories, managers, active record
 * and persistence do, they do with them. A builder of a data source that is not registered works as before (T17).
 *
 * @returns undoes it, once no other data source relies on it.
 */
export function scopeQueryBuilders(dataSource: DataSource): () => void {
  const select = dataSource.createQueryBuilder() as Record<string, () => object>;
  const prototypeOf = (of: object) => Object.getPrototypeOf(of) as Prototype;
  const base = prototypeOf(prototypeOf(select));
  return patchOnce(base, () => [
    ...patch(base, everyBuilder),
    ...patch(prototypeOf(select), { ...selectBuilder, getQuery }),
    ...patch(prototypeOf(built(select, 'insert')), { ...insertBuilder, getQuery }),
    ...patch(prototypeOf(built(select, 'update')), { ...updateBuilder, getQuery }),
    ...patch(prototypeOf(built(select, 'delete')), { createDeleteExpression: marked, execute: remove, getQuery }),
    ...patch(prototypeOf(built(select, 'softDelete')), { createUpdateExpression: marked, execute: remove, getQuery }),
  ]);
}

function built(select: Record<string, () => object>, kind: string): object {
  return (select[kind] as () => object).call(select);
}

function patch(prototype: Prototype, replacements: Readonly<Record<string, Replacement>>): (() => void)[] {
  return Object.entries(replacements).flatMap(([name, replacement]) => {
    const original = Object.hasOwn(prototype, name) ? prototype[name] : undefined;
    if (!original && OPTIONAL.has(name)) return [];
    if (!original) throw refusedSql(`this TypeORM has no \`${name}\` to scope`);
    prototype[name] = function (this: Builder, ...args: unknown[]) {
      const call = (...others: readonly unknown[]) => Reflect.apply(original, this, others.length > 0 ? others : args);
      const scope = scopeOfBuilder(this);
      return scope ? replacement(this, scope, call, args) : call();
    };
    return [() => void (prototype[name] = original)];
  });
}

const marked: Replacement = (_builder, _scope, original) => MARK + (original() as string);

/** The builder whose text is being made to be sent, and not for the application. */
let sending: Builder | undefined;

function generate(builder: Builder, original: () => unknown): [sql: string, parameters: object] {
  const before = sending;
  sending = builder;
  try {
    return original() as [string, object];
  } finally {
    sending = before;
  }
}

const getQuery: Replacement = (builder, scope, original) => {
  const sql = original() as string;
  if (sending === builder) return sql;
  return scope.hasFloor ? sql.replaceAll(MARK, '') : sealed(sql);
};

/** TypeORM quotes the names in a statement when all of it is there, and until then a quote in a name looks like the start of a text. */
function asSent(condition: string, builder: Builder): string {
  return condition.includes("'") ? builder.replacePropertyNamesForTheWholeQuery(condition) : condition;
}

// T8: their SQL may name rows that `execute` would have looked up.
const WRITES = new Set(['insert', 'update']);

const everyBuilder = {
  getQueryAndParameters: (builder, scope, original) => {
    const tenantId = tenantIdOf(scope);
    const [sql, parameters] = generate(builder, original);
    const checked = scope.hasFloor ? sql.replaceAll(MARK, '') : checkedStatement(sql, scope.rules);
    if (
      !WRITES.has(builder.expressionMap.queryType) ||
      (areReferencesChecked(builder, scope) && arePartsKnown(builder, scope))
    ) {
      allow(checked, parameters, tenantId, builder);
    }
    return [checked, parameters];
  },
  replacePropertyNamesForTheWholeQuery: (_builder, scope, original, [sql]) =>
    original(...(scope.hasFloor ? [] : [unsealed(sql as string)])),
  // T5: what copies the parameters before there is SQL copies the tenant too; and nobody else's value stays.
  getParameters: (_builder, scope, original) => {
    const parameters = { ...(original() as Record<string, unknown>), [TENANT]: tenantIdOf(scope) };
    // T7: TypeORM puts what it returns into the SQL.
    if (!scope.hasFloor && Object.values(parameters).some((value) => typeof value === 'function')) {
      throw refusedSql('a parameter is a function, and so raw SQL');
    }
    return parameters;
  },
  createWhereExpression: (builder, scope, original) => {
    const map = builder.expressionMap;
    const given = map.extraAppendedAndWhereCondition;
    const conditions = [...(given ? [`(${given})`] : []), ...rowConditions(builder, scope)];
    if (conditions.length === 0) return original();
    map.extraAppendedAndWhereCondition = conditions.join(' AND ');
    try {
      return original();
    } finally {
      map.extraAppendedAndWhereCondition = given as string;
    }
  },
  createWhereClausesExpression: (builder, scope, original) => {
    const clauses = original() as string;
    if (!scope.hasFloor) checkClosed(asSent(clauses, builder));
    return clauses;
  },
} satisfies Record<string, Replacement>;

const selectBuilder = {
  createSelectExpression: marked,
  createJoinExpression: (builder, scope, original) => {
    const { joinAttributes } = builder.expressionMap;
    const given = joinAttributes.map(({ condition }) => condition);
    for (const join of joinAttributes) {
      const { alias, condition } = join;
      if (condition && !scope.hasFloor) checkClosed(asSent(condition, builder));
      if (!isTable(alias, builder, scope)) continue;
      const own = tableConditions(alias, builder, scope);
      join.condition =
        // In brackets, or `1 = 1 CROSS JOIN job` would read a table.
        [...(condition ? [scope.hasFloor && own.length === 0 ? condition : `(${condition})`] : []), ...own].join(
          ' AND ',
        ) || undefined;
    }
    try {
      return original();
    } finally {
      for (const [n, join] of joinAttributes.entries()) join.condition = given[n];
    }
  },
  // T19: a required relation that leads to another tenant's row must not take the row with it that has the relation.
  getRelationJoinType: () => 'left',
} satisfies Record<string, Replacement>;

const remove: Replacement = (builder, scope, original) => {
  rememberTransaction(builder);
  return inTurn(builder, async (send) => requireChange(builder, scope, () => send(original)));
};

const insertBuilder = {
  execute: (builder, scope, original) => {
    rememberTransaction(builder);
    return inTurn(builder, async (send) => {
      prepareInsert(builder, scope);
      const references = checkReferences(builder, scope);
      if (references) await references;
      const insert = () => insertUntaken(builder, scope, () => send(original));
      const result = await withPartsChecked(builder, scope, insert);
      returnTenant(result as Inserted, builder, scope);
      return result;
    });
  },
  createInsertExpression: (builder, scope, original) => {
    prepareInsert(builder, scope);
    if (!scope.hasFloor) checkExpressions(builder);
    keepKeys(builder);
    return MARK + overwritingOwn(builder, scope, original);
  },
  createUpsertConditionExpression: (builder, scope, original) => {
    const condition = original() as string;
    if (!needsCondition(builder, scope)) return condition;
    const own = ownTarget(builder, scope);
    return condition ? `(${condition}) AND ${own}` : own;
  },
} satisfies Record<string, Replacement>;

function prepareInsert(builder: Builder, scope: DataSourceScope): void {
  const { mainAlias, insertFromSelect } = builder.expressionMap;
  if (!scope.hasFloor && mainAlias && !mainAlias.hasMetadata) throw refusedSql('it names a table instead of an entity');
  if (!scope.hasFloor && insertFromSelect)
    throw refusedSql('it inserts what a query selects, without a tenant to stamp');
  if (!scope.hasFloor && mainAlias) checkKnown(mainAlias.metadata, scope);
  stamp(builder, scope);
  checkUpsert(builder, scope);
}

/** Metadata that was built after the data source was scoped says of no column that it holds the tenant. */
function checkKnown(metadata: Metadata, { tenantColumns, unlimited }: DataSourceScope): void {
  if (tenantColumns.has(metadata) || unlimited.has(metadata) || endsOf(metadata).length > 0) return;
  throw refusedSql('it inserts into a table that is not known');
}

const updateBuilder = {
  execute: (builder, scope, original) => {
    rememberTransaction(builder);
    return inTurn(builder, async (send) => {
      checkUnmoved(builder, scope);
      const references = checkReferences(builder, scope);
      if (references) await references;
      return withPartsChecked(builder, scope, () => requireChange(builder, scope, () => send(original)));
    });
  },
  createUpdateExpression: (builder, scope, original) => {
    checkUnmoved(builder, scope);
    if (!scope.hasFloor) checkExpressions(builder);
    return MARK + (settingTenantOnce(builder, scope, original) as string);
  },
} satisfies Record<string, Replacement>;
