import type { DataSourceScope } from './data-source-scope.js';
import { MARK, refusedSql } from './statement.js';
import type { Alias, Builder, Column, Metadata } from './typeorm.js';

/** The parameter that holds the current tenant's id. */
export const TENANT = 'tenancyTenantId';

const END = 'tenancy_end';

/** T6: what each table that a statement reads from or changes is held to. Joined tables are held in their joins. */
export function rowConditions(builder: Builder, scope: DataSourceScope): string[] {
  const { aliases, mainAlias, commonTableExpressions } = builder.expressionMap;
  const sources = aliases.filter((alias) => alias === mainAlias || alias.type === 'from');
  const own = new Set(commonTableExpressions?.map(({ alias }) => alias));
  return sources.flatMap((alias) => {
    // A sub-query is a statement of its own, and looked at as one.
    if (alias.subQuery || (!alias.hasMetadata && own.has(alias.tablePath ?? ''))) return [];
    if (!alias.hasMetadata) {
      if (scope.hasFloor) return [];
      throw refusedSql('it names a table instead of an entity');
    }
    return tableConditions(alias, builder, scope);
  });
}

/** What the rows of one table are held to, under the name that it has in the statement. */
export function tableConditions(alias: Alias, builder: Builder, scope: DataSourceScope): string[] {
  const { metadata } = alias;
  const isPrefixed = builder.expressionMap.aliasNamePrefixingEnabled;
  const name = (column: Column) =>
    isPrefixed
      ? `${builder.escape(alias.name)}.${builder.escape(column.databaseName)}`
      : builder.escape(column.databaseName);
  const column = scope.tenantColumns.get(metadata);
  if (column) return [`${name(column)} = :${TENANT}`];
  if (scope.unlimited.has(metadata)) return [];
  // A join table has no tenant: the rows at both its ends say whose it is.
  const ends = endsOf(metadata);
  if (ends.length === 0 && !scope.hasFloor) throw refusedSql('it reads a table that TypeORM keeps for a tree');
  const outer = isPrefixed ? alias.name : metadata.tableName;
  return ends.flatMap(([end, columns]) => ownEnd(end, columns, outer, builder, scope));
}

/** The rows that a join table's rows connect, and the columns that say which. */
export function endsOf({ ownerColumns, inverseColumns }: Metadata): (readonly [Metadata, readonly Column[]])[] {
  return [ownerColumns, inverseColumns].flatMap((columns) => {
    const end = columns[0]?.referencedColumn?.entityMetadata;
    return end ? [[end, columns] as const] : [];
  });
}

function ownEnd(
  end: Metadata,
  columns: readonly Column[],
  outer: string,
  builder: Builder,
  { tenantColumns }: DataSourceScope,
): string[] {
  const tenantColumn = tenantColumns.get(end);
  if (!tenantColumn) return [];
  const of = (table: string, column: Column | undefined) =>
    `${builder.escape(table)}.${builder.escape(column?.databaseName ?? '')}`;
  const table = end.tablePath
    .split('.')
    .map((part) => builder.escape(part))
    .join('.');
  const keys = columns.map((column) => `${of(END, column.referencedColumn)} = ${of(outer, column)}`);
  const own = `${of(END, tenantColumn)} = :${TENANT}`;
  return [`EXISTS (${MARK}SELECT 1 FROM ${table} ${builder.escape(END)} WHERE ${[...keys, own].join(' AND ')})`];
}
