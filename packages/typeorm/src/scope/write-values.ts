import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { type DataSourceScope, tenantIdOf } from './data-source-scope.js';
import { refusedSql } from './statement.js';
import type { Builder, Column } from './typeorm.js';

/** T4: each new row belongs to the current tenant. */
export function stamp({ expressionMap }: Builder, scope: DataSourceScope): void {
  const column = tenantColumnOf(expressionMap.mainAlias, scope);
  if (!column) return;
  const tenantId = tenantIdOf(scope);
  for (const values of valueSets(expressionMap.valuesSet)) {
    const given = column.getEntityValue(values);
    if (given === undefined) column.setEntityValue(values, tenantId);
    else if (given !== tenantId) throw conflict(column);
  }
}

/** What an insert answers. */
export interface Inserted {
  readonly generatedMaps: (object | undefined)[];
}

/** `save` gives its caller what was generated, and the tenant is a part of that. */
export function tellTenant({ generatedMaps }: Inserted, { expressionMap }: Builder, scope: DataSourceScope): void {
  const column = tenantColumnOf(expressionMap.mainAlias, scope);
  if (!column) return;
  for (const [n, values] of valueSets(expressionMap.valuesSet).entries()) {
    const generated = generatedMaps[n] ?? {};
    generatedMaps[n] = generated;
    column.setEntityValue(generated, column.getEntityValue(values));
  }
}

/** T15: no change moves a row to another tenant. */
export function checkUnmoved({ expressionMap }: Builder, scope: DataSourceScope): void {
  if (!scope.hasFloor) for (const values of valueSets(expressionMap.valuesSet)) checkExpressions(values);
  const column = tenantColumnOf(expressionMap.mainAlias, scope);
  if (!column) return;
  for (const values of valueSets(expressionMap.valuesSet)) {
    const given = column.getEntityValue(values);
    if (given !== undefined && given !== tenantIdOf(scope)) throw conflict(column);
  }
}

/** T7: `SET a = b.c FROM other b` reads another table. */
function checkExpressions(values: object): void {
  for (const value of Object.values(values)) {
    if (typeof value === 'function' && /\bfrom\b/i.test(String(value()))) {
      throw refusedSql('it sets a column by SQL that contains FROM');
    }
  }
}

function tenantColumnOf(alias: Builder['expressionMap']['mainAlias'], scope: DataSourceScope): Column | undefined {
  return alias?.hasMetadata ? scope.tenantColumns.get(alias.metadata) : undefined;
}

export function valueSets(values: Builder['expressionMap']['valuesSet']): readonly object[] {
  if (!values) return [];
  return Array.isArray(values) ? values : [values];
}

function conflict({ entityMetadata, propertyPath }: Column): TenantScopeError {
  return new TenantScopeError(
    'tenant_conflict',
    `${entityMetadata.name}.${propertyPath} names another tenant than the current one. Leave it out; rows are stamped with the tenant.`,
  );
}
