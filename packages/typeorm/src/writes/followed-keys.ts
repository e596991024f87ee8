import type { DataSourceScope } from '../scope/data-source-scope.js';
import type { Column, Metadata, Relation } from '../typeorm-internals.js';
import { type Reference, referencesOf } from './references.js';

/** A part of a foreign key that is written; the rest of it is what a row of `holder` has. */
export interface Part {
  readonly holder: Metadata;
  readonly reference: Reference;
  readonly given: readonly (readonly [Column, unknown])[];
}

/**
 * The keys that change where rows follow the one that they refer to, by ON UPDATE CASCADE, and a column of theirs is in another key
 * too. The database alone knows which keys follow, so that all are taken to.
 *
 * @param set - the columns that a write sets, by their names in the database.
 */
export function followingParts(
  metadata: Metadata,
  set: ReadonlyMap<string, unknown>,
  scope: DataSourceScope,
  seen = new Set<Relation>(),
): Part[] {
  return followersOf(metadata, scope).flatMap(([holder, relation]) => {
    const moved = new Map<string, unknown>();
    for (const { databaseName, referencedColumn } of relation.joinColumns) {
      const name = referencedColumn?.databaseName ?? '';
      if (set.has(name)) moved.set(databaseName, set.get(name));
    }
    if (moved.size === 0 || seen.has(relation)) return [];
    seen.add(relation);
    const parts = referencesOf(holder, scope)
      .filter(({ columns }) => columns !== relation.joinColumns && columns.some((each) => moved.has(each.databaseName)))
      .map((reference) => ({ holder, reference, given: known(reference.columns, moved) }));
    return [...parts, ...followingParts(holder, moved, scope, seen)];
  });
}

/** The columns of a table that foreign keys of tenants' rows refer to. */
export function followedColumns(metadata: Metadata, scope: DataSourceScope): readonly Column[] {
  const followed = followersOf(metadata, scope).flatMap(([, { joinColumns }]) => joinColumns);
  return [...new Set(followed.flatMap(({ referencedColumn }) => referencedColumn ?? []))];
}

/** The values that can be compared: what raw SQL sets a column to is not there to be. */
function known(columns: readonly Column[], moved: ReadonlyMap<string, unknown>): (readonly [Column, unknown])[] {
  return columns.flatMap((column) => {
    const value = moved.get(column.databaseName) ?? undefined;
    return value === undefined || typeof value === 'function' ? [] : [[column, value] as const];
  });
}

type Follower = readonly [holder: Metadata, relation: Relation];
const followers = new WeakMap<DataSourceScope, Map<string, readonly Follower[]>>();

/** The relations of tenants' rows that refer to a table. */
function followersOf({ tablePath }: Metadata, scope: DataSourceScope): readonly Follower[] {
  const all = followers.get(scope) ?? new Map<string, readonly Follower[]>();
  followers.set(scope, all);
  const found =
    all.get(tablePath) ??
    [...scope.tenantColumns.keys()].flatMap((holder) =>
      holder.relations
        .filter((each) => each.isWithJoinColumn && each.inverseEntityMetadata.tablePath === tablePath)
        .map((relation) => [holder, relation] as const),
    );
  all.set(tablePath, found);
  return found;
}
