import type { DataSourceScope } from '../scope/data-source-scope.js';
import { countOwnRows } from '../scope/own-rows.js';
import { privateSlot } from '../scope/private-slot.js';
import type { Builder, Column, DataSource } from '../typeorm-internals.js';
import { atomically } from './atomically.js';
import { defer } from './deferred-references.js';
import { followedColumns, followingParts, type Part } from './followed-keys.js';
import { referencesOf, unavailable } from './references.js';
import { keyValue, valueSets } from './write-values.js';

const known = privateSlot<Set<string>>();

/**
 * T8: where a write sets a part of a foreign key alone, the rows that it comes to name are not known before; nor are those that rows
 * come to name which follow the written one. They are looked up after, for own rows that have that part.
 *
 * @throws `tenant_row_unavailable`, and nothing stays of the write.
 */
export function withPartsChecked(builder: Builder, scope: DataSourceScope, write: () => unknown): unknown {
  const parts = partsOf(builder, scope);
  if (parts.length === 0) return write();
  known.set(builder, new Set(parts.map(nameOf)));
  return atomically(builder, async () => {
    const result = await write();
    for (const part of parts) {
      const { end, isDeferrable } = part.reference;
      if (!(await leadsAstray(part, builder))) continue;
      if (!isDeferrable || !builder.queryRunner?.isTransactionActive) throw unavailable(end);
      defer(builder.queryRunner, async () => {
        if (await leadsAstray(part, builder)) throw unavailable(end);
      });
    }
    return result;
  });
}

/** True when each part that a builder is about to write is going to be looked up: a listener may have set one since. */
export function arePartsKnown(builder: Builder, scope: DataSourceScope): boolean {
  return partsOf(builder, scope).every((part) => known.get(builder)?.has(nameOf(part)));
}

function partsOf(builder: Builder, scope: DataSourceScope): Part[] {
  const { mainAlias, queryType, onUpdate, valuesSet } = builder.expressionMap;
  const { overwrite = [] } = onUpdate ?? {};
  const isUpdate = queryType === 'update';
  if (!mainAlias?.hasMetadata || !(isUpdate || overwrite.length > 0)) return [];
  const { metadata: holder } = mainAlias;
  const isSet = ({ databaseName }: Column) => isUpdate || overwrite.includes(databaseName);
  return valueSets(valuesSet).flatMap((values) => {
    const setOf = (columns: readonly Column[]) =>
      columns
        .map((column) => [column, isSet(column) ? keyValue(column, values) : undefined] as const)
        .filter(([, value]) => value !== undefined);
    const parts = referencesOf(holder, scope).flatMap((reference) => {
      const { length } = reference.columns;
      const given = setOf(reference.columns);
      const isPart = given.length > 0 && given.length < length && given.every(([, value]) => value !== null);
      return isPart ? [{ holder, reference, given }] : [];
    });
    const followed = followedColumns(holder, scope);
    const set = new Map(setOf(followed).map(([{ databaseName }, value]) => [databaseName, value]));
    return [...parts, ...followingParts(holder, set, scope)];
  });
}

function nameOf({ holder, reference: { end, columns }, given }: Part): string {
  const key = given.map(([{ databaseName }, value]) => [databaseName, value]);
  return JSON.stringify([holder.tablePath, end.tablePath, columns.map(({ databaseName }) => databaseName), key]);
}

/** True when an own row that has the part refers to what is not there for the tenant. */
async function leadsAstray({ holder, reference: { end, columns }, given }: Part, builder: Builder): Promise<boolean> {
  const { driver } = (builder.dataSource ?? builder.connection) as DataSource;
  const equal = given.map(([column], n) => `holder.${column.propertyPath} = :part${n}`);
  const rest = columns.filter((column) => !given.some(([each]) => each === column));
  const isThere = rest.map((column) => `holder.${column.propertyPath} IS NOT NULL`);
  const isMissing = `referenced.${columns[0]?.referencedColumn?.propertyPath} IS NULL`;
  const parameters = Object.fromEntries(
    given.map(([column, value], n) => [`part${n}`, driver.preparePersistentValue(value, column)]),
  );
  const condition = columns
    .map((column) => `referenced.${column.referencedColumn?.propertyPath} = holder.${column.propertyPath}`)
    .join(' AND ');
  const join = { to: end, alias: 'referenced', condition };
  const where = [...equal, ...isThere, isMissing].join(' AND ');
  return (await countOwnRows(builder, holder, 'holder', where, parameters, true, join)) > 0;
}
