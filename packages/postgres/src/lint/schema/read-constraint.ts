import type { SyntaxTree } from '../../parser/parse-sql.js';
import { nodesOf } from '../../parser/walk.js';
import { relationName } from '../sql/names.js';
import { columnOf, namedAt, node, nodes, strings, text } from '../sql/nodes.js';
import type { Constraint, Moment, Table } from './table.js';

const KINDS: Readonly<Record<string, Constraint['kind']>> = {
  CONSTR_PRIMARY: 'primary',
  CONSTR_UNIQUE: 'unique',
  CONSTR_EXCLUSION: 'exclusion',
  CONSTR_FOREIGN: 'foreign',
  CONSTR_CHECK: 'check',
  CONSTR_NOTNULL: 'not-null',
};

/**
 * The constraint that a `Constraint` node makes, or undefined for what is none in the catalog (a default, NULL).
 *
 * @param column - the column that it stands behind, for one that is written with a column
 */
export function readConstraint(tree: SyntaxTree, table: Table, made: Moment, column?: string): Constraint | undefined {
  const kind = KINDS[text(tree, 'contype') ?? ''];
  if (kind === undefined) return undefined;
  const columns = column === undefined ? columnsOf(tree, kind, table) : [column];
  return {
    name:
      text(tree, 'conname') ??
      text(tree, 'indexname') ??
      freeName(table, defaultName(table.name.name, kind, columns, column)),
    kind,
    columns,
    isValid: tree['skip_validation'] !== true,
    made,
    ...(kind === 'check' && { condition: namedAt(tree, 'raw_expr') }),
    ...(kind === 'foreign' && {
      references: relationName(node(tree, 'pktable')),
      referencedColumns: strings(tree, 'pk_attrs'),
      deletes: { action: text(tree, 'fk_del_action') ?? 'a', columns: strings(tree, 'fk_del_set_cols') },
    }),
  };
}

function columnsOf(tree: SyntaxTree, kind: Constraint['kind'], table: Table): readonly string[] {
  if (kind === 'foreign') return strings(tree, 'fk_attrs');
  if (kind === 'check') return columnsIn(tree);
  if (kind === 'exclusion') {
    return nodes(tree, 'exclusions').flatMap(
      ({ tree: pair }) => text(nodes(pair, 'items')[0]?.tree ?? {}, 'name') ?? [],
    );
  }
  const index = text(tree, 'indexname');
  const used = index === undefined ? undefined : table.indexes.get(index);
  return used ? used.columns.flatMap((column) => column ?? []) : strings(tree, 'keys');
}

/** The columns that an expression names, each once. */
export function columnsIn(value: unknown): readonly string[] {
  return [...new Set([...nodesOf(value)].flatMap((found) => columnOf(found) ?? []))];
}

/** The name that PostgreSQL gives a constraint that has none. */
function defaultName(table: string, kind: Constraint['kind'], columns: readonly string[], column?: string): string {
  if (kind === 'primary') return `${table}_pkey`;
  const suffix = { unique: 'key', exclusion: 'excl', foreign: 'fkey', check: 'check', 'not-null': 'not_null' }[kind];
  const named = kind === 'check' && column === undefined ? columns.slice(0, columns.length === 1 ? 1 : 0) : columns;
  return [table, ...named, suffix].join('_');
}

function freeName(table: Table, name: string): string {
  for (let number = 0; ; number += 1) {
    const free = number === 0 ? name : `${name}${number}`;
    if (!table.constraints.has(free) && !table.indexes.has(free)) return free;
  }
}
