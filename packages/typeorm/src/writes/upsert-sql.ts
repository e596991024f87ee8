import { randomUUID } from 'node:crypto';
import { TENANT } from '../scope/conditions.js';
import type { DataSourceScope } from '../scope/data-source-scope.js';
import { MARK, refusedSql } from '../sql/refused-sql.js';
import type { Builder, OnUpdate } from '../typeorm-internals.js';
import { meetsAnyKey, needsCondition } from './upsert.js';

/** Databases for which TypeORM itself writes the condition of an upsert's overwriting. */
const POSTGRES = new Set(['postgres', 'aurora-postgres', 'cockroachdb']);
/** The name of a column that TypeORM is to assign first, which no text of the application has in it. */
const FIRST = `tenancy_${randomUUID()}`;

/** T3: the text of an insert, held to overwrite own rows alone. */
export function overwritingOwn(builder: Builder, scope: DataSourceScope, write: () => unknown): string {
  const { onUpdate } = builder.expressionMap;
  if (onUpdate && meetsAnyKey(builder)) return failingAtOthers(builder, scope, onUpdate, write);
  if (!onUpdate || !needsCondition(builder, scope)) return write() as string;
  const given = onUpdate.overwriteCondition;
  // T3: TypeORM writes no condition where it has none.
  onUpdate.overwriteCondition = given?.length ? [...given] : [{ type: 'simple', condition: '1=1' }];
  try {
    const sql = write() as string;
    return POSTGRES.has(typeOf(builder)) ? sql : `${sql} WHERE ${ownTarget(builder, scope)}`;
  } finally {
    onUpdate.overwriteCondition = given;
  }
}

/**
 * MySQL and MariaDB have no condition there. They evaluate what is assigned from left to right, and before they write: at another
 * tenant's row the sub-query has two rows where one may be, so that the statement fails, and nothing of it stays.
 */
function failingAtOthers(builder: Builder, scope: DataSourceScope, onUpdate: OnUpdate, write: () => unknown): string {
  const column = tenantColumn(builder, scope);
  const list = onUpdate.overwrite ? 'overwrite' : 'columns';
  const given = onUpdate[list];
  // Where nothing is overwritten, TypeORM leaves out what is in the way.
  if (!column || scope.hasFloor || !given?.length) return write() as string;
  onUpdate[list] = [FIRST, ...given];
  try {
    const first = builder.escape(FIRST);
    const assigned = `${first} = ${list === 'overwrite' ? `VALUES(${first})` : `:${FIRST}`}`;
    const [before, after, ...others] = (write() as string).split(assigned);
    if (after === undefined || others.length > 0)
      throw refusedSql('what an upsert overwrites is not to be found in it');
    const own = builder.escape(column.databaseName);
    const twoRows = `(${MARK}SELECT ${own} UNION ALL ${MARK}SELECT ${own})`;
    return `${before}${own} = IF(${own} = :${TENANT}, ${own}, ${twoRows})${after}`;
  } finally {
    onUpdate[list] = given;
  }
}

/** True when a statement failed as one does that meets another tenant's row. */
export function metOthers(error: unknown, builder: Builder): boolean {
  const { driverError } = (error ?? {}) as { readonly driverError?: { readonly errno?: unknown } };
  return builder.expressionMap.onUpdate !== undefined && meetsAnyKey(builder) && driverError?.errno === 1242;
}

/** The condition that the row which is in the way is an own one. */
export function ownTarget(builder: Builder, scope: DataSourceScope): string {
  const table = builder.getMainTableName();
  const isNamed = builder.alias !== table && POSTGRES.has(typeOf(builder));
  const target = isNamed ? builder.escape(builder.alias) : builder.getTableName(table);
  return `${target}.${builder.escape(tenantColumn(builder, scope)?.databaseName ?? '')} = :${TENANT}`;
}

function tenantColumn({ expressionMap: { mainAlias } }: Builder, { tenantColumns }: DataSourceScope) {
  return mainAlias?.hasMetadata ? tenantColumns.get(mainAlias.metadata) : undefined;
}

function typeOf({ dataSource, connection }: Builder): string {
  return (dataSource ?? connection)?.options.type ?? '';
}
