import { MARK, refusedSql } from '../sql/refused-sql.js';
import { isGenerated } from '../sql/statement.js';
import type { Alias, Builder, Column, Metadata } from '../typeorm-internals.js';
import type { DataSourceScope } from './data-source-scope.js';
import { privateSlot } from './private-slot.js';

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
 * True when an alias is an entity's table, which has conditions. A sub-query and a common table expression are statements of
 * their own, and looked at as such.
 */
export function isTable(alias: Alias, builder: Builder, { hasFloor }: DataSourceScope): boolean {
  const { type, name, hasMetadata, tablePath, subQuery } = alias;
  if (hasFloor) return hasMetadata && !subQuery;
  if (/["`]/.test(name)) throw refusedSql('an alias has a quote in it');
  if (subQuery) {
    if (isGenerated(subQuery)) return false;
    throw refusedSql('it reads from brackets that are no sub-query of a builder');
  }
  if (hasMetadata) {
    // What the conditions are made of must be what is read. Of a join TypeORM reads its entity's table.
    if (type === 'join' || !tablePath || tablePath === alias.metadata.tablePath) return true;
    throw refusedSql('an alias names another table than its entity');
  }
  const own = builder.expressionMap.commonTableExpressions ?? [];
  // With a dot it would be a table in a schema.
  if (tablePath && /^\w+$/.test(tablePath) && own.some((each) => each.alias === tablePath)) return false;
  throw refusedSql('it names a table instead of an entity');
}

/** The conditions on the rows of one table, under the name that it has in the statement. */
export function tableConditions(alias: Alias, builder: Builder, scope: DataSourceScope): string[] {
  const { metadata } = alias;
  const isPrefixed = builder.expressionMap.aliasNamePrefixingEnabled;
  const name = (column: Column) =>
    isPrefixed
      ? `${builder.escape(alias.name)}.${builder.escape(column.databaseName)}`
      : builder.escape(column.databaseName);
  const column = scope.tenantColumns.get(metadata);
  if (column) return [ownOrShared(name(column), metadata, builder, scope)];
  if (scope.unlimited.has(metadata)) return [];
  // A join table has no tenant: the rows at both its ends say whose it is.
  const ends = endsOf(metadata);
  if (ends.length === 0 && !scope.hasFloor) throw refusedSql('it reads a table that TypeORM keeps for a tree');
  const outer = isPrefixed ? alias.name : metadata.tableName;
  const limited = ends.filter(([end]) => scope.tenantColumns.has(end));
  const within = limited.map(([end, columns]) => endCondition(end, columns, outer, builder, scope, true));
  if (builder.expressionMap.queryType === 'select' || !limited.some(([end]) => scope.withSharedRows.has(end)))
    return within;
  // A link between rows that are everybody's is everybody's too.
  const own = limited.map(([end, columns]) => endCondition(end, columns, outer, builder, scope, false));
  return [...within, own.length > 1 ? `(${own.join(' OR ')})` : own.join()];
}

/** Builders that look for rows of the tenant's own alone, though they read. */
const strict = privateSlot<true>();

/** Has a builder that reads leave everybody's rows out. */
export function ownRowsAlone(builder: Builder): void {
  strict.set(builder, true);
}

function ownOrShared(name: string, metadata: Metadata, builder: Builder, { withSharedRows }: DataSourceScope): string {
  const own = `${name} = :${TENANT}`;
  const isRead = builder.expressionMap.queryType === 'select' && !strict.get(builder);
  return isRead && withSharedRows.has(metadata) ? `(${own} OR ${name} IS NULL)` : own;
}

/** The rows that a join table's rows connect, and the columns that say which. */
export function endsOf({ ownerColumns, inverseColumns }: Metadata): (readonly [Metadata, readonly Column[]])[] {
  return [ownerColumns, inverseColumns].flatMap((columns) => {
    const end = columns[0]?.referencedColumn?.entityMetadata;
    return end ? [[end, columns] as const] : [];
  });
}

function endCondition(
  end: Metadata,
  columns: readonly Column[],
  outer: string,
  builder: Builder,
  { tenantColumns, withSharedRows }: DataSourceScope,
  takesShared: boolean,
): string {
  const of = (table: string, column: Column | undefined) =>
    `${builder.escape(table)}.${builder.escape(column?.databaseName ?? '')}`;
  const table = end.tablePath
    .split('.')
    .map((part) => builder.escape(part))
    .join('.');
  const keys = columns.map((column) => `${of(END, column.referencedColumn)} = ${of(outer, column)}`);
  const tenant = of(END, tenantColumns.get(end));
  const own = `${tenant} = :${TENANT}`;
  const reached = takesShared && withSharedRows.has(end) ? `(${own} OR ${tenant} IS NULL)` : own;
  return `EXISTS (${MARK}SELECT 1 FROM ${table} ${builder.escape(END)} WHERE ${[...keys, reached].join(' AND ')})`;
}
