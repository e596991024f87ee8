import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { type DataSourceScope, tenantIdOf } from '../scope/data-source-scope.js';
import { checkExpression } from '../sql/statement.js';
import type { Builder, Column, Metadata } from '../typeorm-internals.js';
import { leaveUnnamed, tell } from './stamped-rows.js';

/** T4: each new row belongs to the current tenant. */
export function stamp({ expressionMap }: Builder, scope: DataSourceScope): void {
  const column = tenantColumnOf(expressionMap.mainAlias, scope);
  if (!column) return;
  const tenantId = tenantIdOf(scope);
  const { insertColumns } = expressionMap;
  if (insertColumns?.length && !insertColumns.includes(column.propertyPath)) {
    expressionMap.insertColumns = [...insertColumns, column.propertyPath];
  }
  for (const values of valueSets(expressionMap.valuesSet)) {
    // Of a new row TypeORM writes what the column says, also where a relation that holds the column too is null.
    const isOpen = column.getEntityValue(values) === undefined;
    if (isOpen && (relationOf(column, values) ?? null) === null) leaveUnnamed(values);
    if (!isTenant(column.getEntityValue(values), tenantId)) throw conflict(column);
  }
}

/** The answer of an insert. */
export interface Inserted {
  readonly generatedMaps: (object | undefined)[];
}

/** `save` gives its caller what was generated, and the tenant is a part of that. */
export function returnTenant({ generatedMaps }: Inserted, { expressionMap }: Builder, scope: DataSourceScope): void {
  const column = tenantColumnOf(expressionMap.mainAlias, scope);
  if (!column) return;
  for (const [n, values] of valueSets(expressionMap.valuesSet).entries()) {
    const generated = generatedMaps[n] ?? {};
    generatedMaps[n] = generated;
    tell(generated, column.getEntityValue(values), column);
  }
}

/** T7: `SET a = b.c FROM other b` reads another table, and `VALUES (…, 'x'), (…)` writes another row. */
export function checkExpressions({ expressionMap }: Builder): void {
  const { mainAlias, valuesSet } = expressionMap;
  if (!mainAlias?.hasMetadata) return;
  for (const values of valueSets(valuesSet)) {
    for (const column of [...mainAlias.metadata.columns, ...joinColumnsOf(mainAlias.metadata)]) {
      const value = column.getEntityValue(values);
      if (typeof value === 'function') checkExpression(String(value()));
    }
  }
}

/** The relation that a row names the tenant by, through which the column may be set to what cannot be read here. */
export function relationOf({ relationMetadata }: Column, values: object): unknown {
  return relationMetadata && Reflect.get(values, relationMetadata.propertyPath);
}

/** With copies: TypeORM makes one for each further relation that has a column in its key. */
export function joinColumnsOf({ relations }: Metadata): Column[] {
  return relations.filter(({ isWithJoinColumn }) => isWithJoinColumn).flatMap(({ joinColumns }) => joinColumns);
}

export function tenantColumnOf(
  alias: Builder['expressionMap']['mainAlias'],
  scope: DataSourceScope,
): Column | undefined {
  return alias?.hasMetadata ? scope.tenantColumns.get(alias.metadata) : undefined;
}

/** The value that a column is given, also where a row is given to say which one it refers to. */
export function keyValue(column: Column, values: object): unknown {
  const value = column.getEntityValue(values);
  const isRow = typeof value === 'object' && value !== null && column.referencedColumn;
  return isRow && !(value instanceof Date) ? column.referencedColumn?.getEntityValue(value) : value;
}

/** Compares with the tenant's id; rows of a column of numbers have numbers. */
export function isTenant(given: unknown, tenantId: string): boolean {
  return given === tenantId || (typeof given === 'number' && String(given) === tenantId);
}

export function valueSets(values: Builder['expressionMap']['valuesSet']): readonly object[] {
  if (!values) return [];
  return Array.isArray(values) ? values : [values];
}

export function conflict({ entityMetadata, propertyPath }: Column): TenantScopeError {
  return new TenantScopeError(
    'tenant_conflict',
    `${entityMetadata.name}.${propertyPath} names another tenant than the current one. Leave it out; rows are stamped with the tenant.`,
  );
}
