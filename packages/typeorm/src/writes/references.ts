import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { endsOf } from '../scope/conditions.js';
import type { DataSourceScope } from '../scope/data-source-scope.js';
import { countOwnRows } from '../scope/own-rows.js';
import { privateSlot } from '../scope/private-slot.js';
import { refusedSql } from '../sql/refused-sql.js';
import type { Builder, Column, Metadata } from '../typeorm-internals.js';
import { defer } from './deferred-references.js';
import { unchanged } from './shared-rows.js';
import { keyValue, valueSets } from './write-values.js';

type Key = readonly Column[];

/**
 * T8: a foreign key that the database does not compare the tenant of must name a row of this tenant. Every key that is
 * about to be written is looked up, on the connection that writes it.
 *
 * @returns null when there is nothing to look up, so that nobody waits for it.
 * @throws `tenant_row_unavailable`, for another tenant's row as for one that is not there.
 */
export function checkReferences(builder: Builder, scope: DataSourceScope): Promise<void> | null {
  const { mainAlias } = builder.expressionMap;
  if (!mainAlias?.hasMetadata) return null;
  const named = referencesOf(mainAlias.metadata, scope)
    .map((reference) => ({ ...reference, keys: openKeysOf(reference, builder) }))
    .filter(({ keys }) => keys.size > 0);
  if (named.length === 0) return null;
  const isLink = !scope.tenantColumns.has(mainAlias.metadata) && !scope.unlimited.has(mainAlias.metadata);
  const isOpen = isLink && named.every(({ end }) => scope.withSharedRows.has(end));
  return isOpen ? requireRows(named, builder).then(() => requireOwnLinks(named, builder)) : requireRows(named, builder);
}

/** A link between rows that are everybody's would be everybody's too. */
async function requireOwnLinks(named: readonly Reference[], builder: Builder): Promise<void> {
  for (const values of valueSets(builder.expressionMap.valuesSet)) {
    let isOwn = false;
    for (const { end, columns } of named) {
      const [key] = keysOf(columns, values).values();
      if (!isOwn && key) isOwn = await isReached(end, columns, key, builder, false);
    }
    if (!isOwn)
      throw unchanged(`a link between rows of ${named.map(({ end }) => end.name).join(' and ')} was not made`);
  }
}

async function requireRows(
  named: readonly (Reference & { readonly keys: Map<string, unknown[]> })[],
  builder: Builder,
): Promise<void> {
  for (const { end, columns, keys, isDeferrable } of named) {
    for (const key of keys.values()) {
      const { queryRunner } = builder;
      const found = await isReached(end, columns, key, builder);
      if (found) continue;
      if (!isDeferrable || !queryRunner?.isTransactionActive) throw unavailable(end);
      // The row may come later in this transaction.
      defer(queryRunner, async () => {
        if (!(await isReached(end, columns, key, builder))) throw unavailable(end);
      });
    }
    checked.set(builder, new Set([...(checked.get(builder) ?? []), ...namesOf(end, columns, keys)]));
  }
}

/** The keys that were looked up for a builder. */
const checked = privateSlot<Set<string>>();

/** True when each key that a builder is about to write has been looked up: a listener may have changed one since. */
export function areReferencesChecked(builder: Builder, scope: DataSourceScope): boolean {
  const { mainAlias } = builder.expressionMap;
  if (!mainAlias?.hasMetadata) return true;
  return referencesOf(mainAlias.metadata, scope).every((reference) =>
    namesOf(reference.end, reference.columns, openKeysOf(reference, builder)).every((name) =>
      checked.get(builder)?.has(name),
    ),
  );
}

function keysOf(columns: Key, valuesSet: Builder['expressionMap']['valuesSet']): Map<string, unknown[]> {
  const keys = new Map<string, unknown[]>();
  for (const values of valueSets(valuesSet)) {
    const key = columns.map((column) => keyValue(column, values));
    if (key.some((value) => typeof value === 'function')) throw refusedSql('it sets a foreign key by raw SQL');
    if (key.every((value) => value !== undefined && value !== null)) keys.set(JSON.stringify(key), key);
  }
  return keys;
}

/** The keys to look up: all but those that rows of the same insert give, which are this tenant's once they are there. */
function openKeysOf({ end, columns }: Reference, builder: Builder): Map<string, unknown[]> {
  const keys = keysOf(columns, builder.expressionMap.valuesSet);
  if (keys.size > 0) for (const given of givenKeys(end, columns, builder)) keys.delete(given);
  return keys;
}

/** An insert that may leave a row out, or find another in its place, gives no key for certain. */
function givenKeys({ tablePath }: Metadata, columns: Key, { expressionMap }: Builder): string[] {
  const { mainAlias, queryType, onIgnore, onUpdate, onConflict, insertColumns, valuesSet } = expressionMap;
  const isPlain = queryType === 'insert' && !onIgnore && !onUpdate && !onConflict && !insertColumns?.length;
  if (!isPlain || mainAlias?.metadata.tablePath !== tablePath) return [];
  const given = columns.map(({ referencedColumn }) => referencedColumn);
  // A column that is not written, or is written as something else, does not give what the row says.
  const isWritten = given.every((column) => column?.isInsert && !column.transformer && !isNumbered(column));
  if (!isWritten || columns.some(({ transformer }) => transformer)) return [];
  return valueSets(valuesSet).map((row) => JSON.stringify(given.map((column) => column && keyValue(column, row))));
}

/** TypeORM leaves such a column to the database, whatever the row says. */
function isNumbered({ isGenerated, generationStrategy }: Column): boolean {
  return isGenerated && generationStrategy !== 'uuid';
}

function namesOf(end: Metadata, columns: Key, keys: Map<string, unknown[]>): string[] {
  const of = [end.tablePath, ...columns.map(({ databaseName }) => databaseName)];
  return [...keys.keys()].map((key) => JSON.stringify([...of, key]));
}

export interface Reference {
  readonly end: Metadata;
  readonly columns: Key;
  /** True when the database compares it at the end of the transaction, or never. */
  readonly isDeferrable: boolean;
}
const references = new WeakMap<DataSourceScope, Map<Metadata, readonly Reference[]>>();

/** The keys of a table that the database does not compare the tenant of. */
export function referencesOf(metadata: Metadata, scope: DataSourceScope): readonly Reference[] {
  const known = references.get(scope) ?? new Map<Metadata, readonly Reference[]>();
  references.set(scope, known);
  const found = known.get(metadata) ?? openReferences(metadata, scope);
  known.set(metadata, found);
  return found;
}

function openReferences(metadata: Metadata, { tenantColumns, unlimited }: DataSourceScope): readonly Reference[] {
  const own = tenantColumns.get(metadata);
  const all = unlimited.has(metadata) || own ? relationsOf(metadata) : endsOf(metadata);
  return all
    .filter(([end, columns]) => {
      const tenantColumn = tenantColumns.get(end);
      if (!tenantColumn) return false;
      // A key that has the tenant at both ends is compared by the database.
      return !columns.some(
        (column) => column.databaseName === own?.databaseName && column.referencedColumn === tenantColumn,
      );
    })
    .map(([end, columns]) => ({ end, columns, isDeferrable: isDeferrable(metadata, columns) }));
}

function relationsOf({ relations }: Metadata): (readonly [Metadata, Key])[] {
  return relations
    .filter(({ isWithJoinColumn }) => isWithJoinColumn)
    .map(({ inverseEntityMetadata, joinColumns }) => [inverseEntityMetadata, joinColumns] as const);
}

function isDeferrable({ foreignKeys }: Metadata, columns: Key): boolean {
  const names = (of: Key) => of.map(({ databaseName }) => databaseName).join();
  const key = foreignKeys.find((each) => names(each.columns) === names(columns));
  return key === undefined || key.deferrable !== undefined;
}

async function isReached(
  end: Metadata,
  columns: Key,
  key: readonly unknown[],
  builder: Builder,
  takesShared = true,
): Promise<boolean> {
  const source = builder.dataSource ?? builder.connection;
  const conditions = columns.map((column, n) => `referenced.${column.referencedColumn?.propertyPath} = :key${n}`);
  const parameters = Object.fromEntries(
    columns.map((column, n) => [`key${n}`, source?.driver.preparePersistentValue(key[n], column)]),
  );
  return (await countOwnRows(builder, end, 'referenced', conditions.join(' AND '), parameters, takesShared)) > 0;
}

export function unavailable({ name }: Metadata): TenantScopeError {
  return new TenantScopeError(
    'tenant_row_unavailable',
    `a foreign key would name a row of ${name} that is not there. Use the key of a row of this tenant.`,
  );
}
