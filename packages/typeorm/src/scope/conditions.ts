import type { DataSourceScope } from './data-source-scope.js';
import { MARK, refusedSql } from './refused-sql.js';
import { isGenerated } from './statement.js';
import type { Alias, Builder, Column, Metadata } from './typeorm.js';

/** The parameter that holds the current tenant's id. */
export const TENANT = 'tenancyTenantId';

const END = 'tenancy_end';

/** T6: what each table that a statement reads from or changes is held to. Joined tables are held in their joins. */
export function rowConditions(builder: Builder, scope: DataSourceScope): string[] {
  const { aliases, mainAlias } = builder.expressionMap;
  const sources = aliases.filter((alias) => alias !== mainAlias && alias.type === 'from');
  const conditions = [...(mainAlias ? [mainAlias] : []), ...sources].flatMap((alias) =>
    isTable(alias, builder, scope) ? tableConditions(alias, builder, scope) : [],
  );
  // A cloned builder has its main alias twice.
  return [...new Set(conditions)];
}

/**
 * Whether an alias is an entity's table, which has conditions. A sub-query and a common table expression are statements of
 * their own, and looked at as such.
 */
export function isTable(
  { name, hasMetadata, tablePath, subQuery }: Alias,
  builder: Builder,
  { hasFloor }: DataSourceScope,
) {
  if (hasFloor) return hasMetadata && !subQuery;
  if (/["`]/.test(name)) throw refusedSql('an alias has a quote in it');
  if (subQuery) {
    if (isGenerated(subQuery)) return false;
    throw refusedSql('it reads from brackets that are no sub-query of a builder');
  }
  if (hasMetadata) return true;
  const own = builder.expressionMap.commonTableExpressions ?? [];
  // With a dot it would be a table in a schema.
  if (tablePath && /^\w+$/.test(tablePath) && own.some((each) => each.alias === tablePath)) return false;
  throw refusedSql('it names a table instead of an entity');
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
