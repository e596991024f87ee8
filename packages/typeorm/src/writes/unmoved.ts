import { type DataSourceScope, tenantIdOf } from '../scope/data-source-scope.js';
import type { Builder, Column } from '../typeorm-internals.js';
import { conflict, isTenant, joinColumnsOf, relationOf, tenantColumnOf, valueSets } from './write-values.js';

/** T15: no change moves a row to another tenant. */
export function checkUnmoved({ expressionMap }: Builder, scope: DataSourceScope): void {
  const column = tenantColumnOf(expressionMap.mainAlias, scope);
  if (!column) return;
  const tenantId = tenantIdOf(scope);
  for (const values of valueSets(expressionMap.valuesSet)) {
    for (const each of copiesOf(column)) {
      const given = each.getEntityValue(values);
      const isNamed = given !== undefined || relationOf(each, values) !== undefined;
      if (isNamed && !isTenant(given, tenantId)) throw conflict(column);
    }
  }
}

/** An update sets the tenant once. TypeORM sets it for each copy of its column, which databases refuse. */
export function settingTenantOnce<R>({ expressionMap }: Builder, scope: DataSourceScope, update: () => R): R {
  const column = tenantColumnOf(expressionMap.mainAlias, scope);
  const copies = column ? copiesOf(column).filter(({ isUpdate }) => isUpdate) : [];
  if (copies.length < 2) return update();
  let isSet = false;
  const get = () => {
    const isFirst = !isSet;
    isSet = true;
    return isFirst;
  };
  for (const each of copies) Object.defineProperty(each, 'isUpdate', { ...COPIED, get });
  try {
    return update();
  } finally {
    for (const each of copies) Object.defineProperty(each, 'isUpdate', { ...COPIED, writable: true, value: true });
  }
}

const COPIED = { configurable: true, enumerable: true };

/** A column, and the copy of it that TypeORM makes for each further relation that has it in its key. */
function copiesOf(column: Column): Column[] {
  const { entityMetadata, databaseName } = column;
  const copies = joinColumnsOf(entityMetadata).filter((each) => each.databaseName === databaseName);
  return [...new Set([column, ...copies])];
}
