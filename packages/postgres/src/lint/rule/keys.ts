import type { Index, Table } from '../schema/table.js';

/** True for a key that has a value in it which nobody picks: a uuid, an identity, a number of a sequence. */
export function isUnguessable(table: Table, key: Index): boolean {
  return key.columns.some((name) => {
    const column = name === undefined ? undefined : table.columns.get(name);
    return column !== undefined && (column.type?.name === 'uuid' || column.isGenerated);
  });
}

/** True where an index over whole rows begins with the column. */
export function hasIndexOf(table: Table, column: string): boolean {
  return [...table.indexes.values()].some((index) => index.columns[0] === column && !index.isPartial);
}

/** True where an index begins with exactly these columns, in any order. */
export function serves(table: Table, columns: readonly string[]): boolean {
  return [...table.indexes.values()].some((index) => {
    const first = index.columns.slice(0, columns.length);
    return !index.isPartial && columns.every((column) => first.includes(column));
  });
}
