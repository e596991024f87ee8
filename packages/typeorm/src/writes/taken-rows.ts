import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { DataSourceScope } from '../scope/data-source-scope.js';
import { countOwnRows } from '../scope/own-rows.js';
import { privateSlot } from '../scope/private-slot.js';
import type { Builder, Column, DataSource, Metadata } from '../typeorm-internals.js';
import { atomically } from './atomically.js';
import { endsTransaction, isUniqueViolation, violatedColumns } from './unique-violation.js';
import { leavesOut, openTarget } from './upsert.js';
import { metOthers } from './upsert-sql.js';
import { keyValue, valueSets } from './write-values.js';

/** A unique key, and one row's values of it. */
type Key = readonly (readonly [Column, unknown])[];

/**
 * T1, T3: an insert that meets another tenant's row fails as one that cannot be made, whichever way the database took it:
 * as a unique violation, or by leaving the row out of an upsert or of `orIgnore`. Nothing of the statement is left then.
 *
 * That the key is taken is what the violation itself says. Whose row it is is asked of this tenant's rows alone.
 *
 * @throws `tenant_row_unavailable`
 */
export async function insertUntaken(builder: Builder, scope: DataSourceScope, insert: () => unknown): Promise<unknown> {
  const { mainAlias, valuesSet } = builder.expressionMap;
  const column = mainAlias?.hasMetadata ? scope.tenantColumns.get(mainAlias.metadata) : undefined;
  if (!mainAlias || !column) return insert();
  const { metadata } = mainAlias;
  const target = openTarget(builder, scope);
  const open = target ? [target] : leavesOut(builder) ? uniqueKeysOf(metadata) : [];
  const attempt = async () => {
    try {
      return await insert();
    } catch (error) {
      throw (await isTaken(error, metadata, column, builder)) ? taken(metadata, error) : error;
    }
  };
  // A key with the tenant in it meets own rows alone.
  if (open.every((key) => key.includes(column))) return attempt();
  const complete = async () => {
    opened.set(builder, open);
    const result = await attempt();
    await requireRows(builder, metadata, sent.get(builder) ?? []);
    return result;
  };
  const rows = valueSets(valuesSet);
  // A row that cannot be looked up may be written, and then refused.
  const isCertain =
    rows.length === 1 &&
    !open.some((key) => followsItself(key, metadata)) &&
    !open.flat().some((column) => isDefaulted(column, rows[0] ?? {})) &&
    rows.flatMap((values) => keysOf(values, open, builder)).every(isComparable);
  return isCertain ? complete() : atomically(builder, complete);
}

/** True when a key may change with the very row that is written, because it refers to a row of the same entity. */
function followsItself(key: readonly Column[], metadata: Metadata): boolean {
  return metadata.relations.some(
    ({ inverseEntityMetadata, joinColumns }) =>
      inverseEntityMetadata === metadata && joinColumns.some((column) => key.includes(column)),
  );
}

const opened = privateSlot<readonly (readonly Column[])[]>();
const sent = privateSlot<readonly (readonly Key[])[]>();

/**
 * Keeps the keys of an insert as they are written: listeners have changed the rows by then. Afterwards TypeORM merges what it reads
 * back into the given rows, and not always into the right one.
 */
export function keepKeys(builder: Builder): void {
  const open = opened.get(builder);
  if (!open) return;
  sent.set(
    builder,
    valueSets(builder.expressionMap.valuesSet).map((values) => keysOf(values, open, builder)),
  );
}

/** Every row that was given must be there now, or the own row that it met. */
async function requireRows(builder: Builder, metadata: Metadata, rows: readonly (readonly Key[])[]): Promise<void> {
  const asked = rows.filter((keys) => keys.length > 0);
  const distinct = new Set(asked.map((keys) => JSON.stringify(keys.map(plain)))).size;
  if (asked.every((keys) => keys.length === 1) && distinct === (await ownRows(builder, metadata, asked.flat()))) return;
  for (const keys of asked) if ((await ownRows(builder, metadata, keys)) === 0) throw taken(metadata);
}

async function isTaken(error: unknown, metadata: Metadata, column: Column, builder: Builder): Promise<boolean> {
  if (metOthers(error, builder)) return true;
  if (!isUniqueViolation(error)) return false;
  const violated = violatedColumns(error);
  if (violated?.includes(column.databaseName)) return false;
  if (endsTransaction(error) && builder.queryRunner?.isTransactionActive) {
    // Nothing more is answered in this transaction. `save` looked for the primary key before it inserted.
    const isPrimary = metadata.primaryColumns.every(({ databaseName }) => violated?.includes(databaseName));
    return isPrimary && builder.expressionMap.callListeners === false;
  }
  const rows = valueSets(builder.expressionMap.valuesSet).map((values) =>
    keysOf(values, uniqueKeysOf(metadata), builder),
  );
  const all = rows.flat();
  // Two of the given rows may be in each other's way.
  if (new Set(all.map((key) => JSON.stringify(plain(key)))).size < all.length) return false;
  return all.length > 0 && (await ownRows(builder, metadata, all)) === 0;
}

function uniqueKeysOf({ primaryColumns, uniques, indices }: Metadata): (readonly Column[])[] {
  return [
    primaryColumns,
    ...uniques.map(({ columns }) => columns),
    ...indices.filter(({ isUnique }) => isUnique).map(({ columns }) => columns),
  ].filter((columns) => columns.length > 0);
}

/** The keys of a row that it could meet another by: null meets nothing, and what is generated is new. */
function keysOf(values: object, unique: readonly (readonly Column[])[], { dataSource, connection }: Builder): Key[] {
  const { driver } = (dataSource ?? connection) as DataSource;
  return unique.flatMap((columns) => {
    const key = columns.map((column) => {
      const given = keyValue(column, values);
      return [column, given === undefined ? constantOf(column, driver) : given] as const;
    });
    if (
      key.some(([column, value]) => value === null || (value === undefined && (column.isGenerated || isNull(column))))
    )
      return [];
    return [
      key.map(
        ([column, value]) =>
          [
            column,
            value === undefined || typeof value === 'function' ? value : driver.preparePersistentValue(value, column),
          ] as const,
      ),
    ];
  });
}

/** The value that the database writes where it is given nothing, unless that is its own to say: SQL, or a text that it reads as something else. */
function constantOf(column: Column, driver: DataSource['driver']): unknown {
  const { default: constant } = column;
  const isText = typeof constant === 'string' && driver.preparePersistentValue(constant, column) === constant;
  return isText || typeof constant === 'number' || typeof constant === 'boolean' ? constant : undefined;
}

/** True when the database writes the value, which the entity may say wrongly. */
function isDefaulted(column: Column, values: object): boolean {
  return (column.default ?? null) !== null && keyValue(column, values) === undefined;
}

/** True when the database writes null where it is given nothing. */
function isNull({ isNullable, default: otherwise, generatedType }: Column): boolean {
  return isNullable && (otherwise ?? null) === null && !generatedType;
}

/** SQL, or a default of the database: no row can be looked up by it. */
function isComparable(key: Key): boolean {
  return key.every(([, value]) => value !== undefined && typeof value !== 'function');
}

// As many as every database takes in one condition.
const AT_ONCE = 200;

async function ownRows(builder: Builder, metadata: Metadata, keys: readonly Key[]): Promise<number> {
  let found = 0;
  const distinct = [...new Map(keys.map((key) => [JSON.stringify(plain(key)), key])).values()];
  for (let n = 0; n < distinct.length; n += AT_ONCE)
    found += await count(builder, metadata, distinct.slice(n, n + AT_ONCE));
  return found;
}

async function count(builder: Builder, metadata: Metadata, keys: readonly Key[]): Promise<number> {
  const parameters: Record<string, unknown> = {};
  const conditions = keys.flatMap((key, k) => {
    if (!isComparable(key)) return [];
    const equal = key.map(([column, value], n) => {
      parameters[`key${k}_${n}`] = value;
      return `taken.${column.propertyPath} = :key${k}_${n}`;
    });
    return [`(${equal.join(' AND ')})`];
  });
  if (conditions.length === 0) return 0;
  return countOwnRows(builder, wholeTable(metadata), 'taken', conditions.join(' OR '), parameters);
}

/** Of entities in one table, each of a kind, the one that has the rows of every kind. */
function wholeTable(metadata: Metadata): Metadata {
  const { tableType, parentEntityMetadata } = metadata;
  return tableType === 'entity-child' && parentEntityMetadata ? wholeTable(parentEntityMetadata) : metadata;
}

function plain(key: Key): unknown[] {
  return key.map(([column, value]) => [column.databaseName, typeof value === 'function' ? String(value()) : value]);
}

function taken({ name }: Metadata, cause?: unknown): TenantScopeError {
  return new TenantScopeError(
    'tenant_row_unavailable',
    `a row of ${name} was not written, because a unique key of it is taken by a row that is not there for this tenant. Use another ` +
      'key; if each tenant is to have keys of its own, put the tenant into the unique key.',
    ...(cause === undefined ? [] : [{ cause }]),
  );
}
