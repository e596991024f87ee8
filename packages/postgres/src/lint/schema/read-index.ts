import type { SyntaxTree } from '../../parser/parse-sql.js';
import { nodes, text } from '../sql/nodes.js';
import type { Index, Moment, Table } from './table.js';

/** The index that an `IndexStmt` makes. */
export function readIndex(tree: SyntaxTree, table: Table, made: Moment): Index {
  const elements = nodes(tree, 'indexParams').map(({ tree: element }) => text(element, 'name'));
  return {
    name: text(tree, 'idxname') ?? freeName(table, elements),
    columns: elements,
    made,
    isUnique: tree['unique'] === true,
    isPartial: tree['whereClause'] !== undefined,
    method: text(tree, 'accessMethod') ?? 'btree',
  };
}

/** The name that PostgreSQL gives an index that has none. */
function freeName(table: Table, elements: readonly (string | undefined)[]): string {
  const name = [table.name.name, ...elements.map((element) => element ?? 'expr'), 'idx'].join('_');
  for (let number = 0; ; number += 1) {
    const free = number === 0 ? name : `${name}${number}`;
    if (!table.indexes.has(free)) return free;
  }
}
