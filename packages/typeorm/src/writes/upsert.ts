import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { DataSourceScope } from '../scope/data-source-scope.js';
import { refusedSql } from '../sql/refused-sql.js';
import { checkClosed } from '../sql/statement.js';
import type { Builder, Column, Metadata, OnUpdate } from '../typeorm-internals.js';

const CONDITIONAL = 'on-conflict-do-update';

/** T3: what is taken for the same row must be one of this tenant's, or its values would be overwritten. */
export function checkUpsert(builder: Builder, scope: DataSourceScope): void {
  const { mainAlias, onUpdate, onConflict } = builder.expressionMap;
  if (scope.hasFloor || !mainAlias?.hasMetadata) return;
  if (onConflict) throw refusedSql('what it does about a conflict is raw SQL');
  const { metadata } = mainAlias;
  const column = scope.tenantColumns.get(metadata);
  if (!onUpdate || !column) return;
  const namesTarget = namesItsTarget(builder, onUpdate);
  if (!namesTarget && !meetsAnyKey(builder)) {
    throw refused(
      'this database overwrites whichever row has the same unique value, of any tenant. Look it up, and save it.',
    );
  }
  const { overwrite = [], columns = [], conflict, indexPredicate } = onUpdate;
  const known = new Set(metadata.columns.map(({ databaseName }) => databaseName));
  for (const name of [...overwrite, ...columns, ...(typeof conflict === 'string' ? [] : (conflict ?? []))]) {
    if (!known.has(name))
      throw refused(`${metadata.name} has no column ${JSON.stringify(name)}. Name columns as the database does.`);
  }
  // These are set to parameters that nobody has looked at.
  const foreign = metadata.relations.flatMap(({ joinColumns }) => joinColumns);
  if ([column, ...foreign].some(({ databaseName }) => columns.includes(databaseName))) {
    throw refused(
      `an upsert of ${metadata.name} sets its tenant or a foreign key by a parameter. Overwrite with the inserted values.`,
    );
  }
  if (!namesTarget) return;
  if (indexPredicate) checkClosed(indexPredicate);
  const target = conflictColumns(metadata, onUpdate);
  if (target?.includes(column)) return;
  if (!target || indexPredicate) {
    throw refused(
      `it cannot be told which rows of ${metadata.name} an upsert without ${column.propertyPath} in its conflict target is about. ` +
        `Name the columns of one unique key, without a condition; best one with the tenant: upsert(rows, ['${column.propertyPath}', …]).`,
    );
  }
  if (!takesCondition(builder) && hasValues(onUpdate)) {
    throw refused(
      `this version of TypeORM cannot keep an upsert of ${metadata.name} from overwriting another tenant's row with that key. Name a unique ` +
        `key with the tenant, upsert(rows, ['${column.propertyPath}', …]); or take TypeORM 0.3.25 or later.`,
    );
  }
}

/** The columns of the conflict target of an upsert that might find another tenant's row. */
export function openTarget(builder: Builder, { tenantColumns }: DataSourceScope): readonly Column[] | null {
  const { mainAlias, onUpdate } = builder.expressionMap;
  if (!onUpdate || !mainAlias?.hasMetadata || !namesItsTarget(builder, onUpdate)) return null;
  const column = tenantColumns.get(mainAlias.metadata);
  const target = column && conflictColumns(mainAlias.metadata, onUpdate);
  return target && !target.includes(column) ? target : null;
}

/** True when the tenant's condition can stand behind what an upsert overwrites, and is needed there. */
export function needsCondition(builder: Builder, scope: DataSourceScope): boolean {
  const { onUpdate } = builder.expressionMap;
  if (!onUpdate || !openTarget(builder, scope)) return false;
  return takesCondition(builder) && hasValues(onUpdate);
}

function hasValues({ overwrite = [], columns = [] }: OnUpdate): boolean {
  return overwrite.length + columns.length > 0;
}

/** Early 0.3 writes none. */
function takesCondition({ createUpsertConditionExpression }: Builder): boolean {
  return typeof createUpsertConditionExpression === 'function';
}

/** True of databases whose upserts overwrite the row that they meet by any unique key. */
export function meetsAnyKey({ dataSource, connection }: Builder): boolean {
  return (dataSource ?? connection)?.driver.supportedUpsertTypes.includes('on-duplicate-key-update') ?? false;
}

/** True when an insert leaves out the rows that are in the way: by `orIgnore`, or where MySQL has nothing to overwrite. */
export function leavesOut(builder: Builder): boolean {
  const { onIgnore, onUpdate } = builder.expressionMap;
  return Boolean(onIgnore) || (onUpdate?.overwrite?.length === 0 && meetsAnyKey(builder));
}

/** True when an upsert is about the rows with one key alone. */
function namesItsTarget(builder: Builder, { upsertType }: OnUpdate): boolean {
  const types = (builder.dataSource ?? builder.connection)?.driver.supportedUpsertTypes ?? [];
  if (!types.includes(CONDITIONAL)) return false;
  return upsertType === CONDITIONAL || (upsertType === undefined && !types.includes('merge-into'));
}

function conflictColumns(metadata: Metadata, { conflict }: OnUpdate): readonly Column[] | undefined {
  if (typeof conflict === 'string') {
    return metadata.uniques.find(({ name }) => name === conflict)?.columns;
  }
  if (!conflict?.length) return undefined;
  return metadata.columns.filter(({ databaseName }) => conflict.includes(databaseName));
}

function refused(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_refused', explanation);
}
