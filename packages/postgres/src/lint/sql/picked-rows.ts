import type { SyntaxTree } from '../../parser/parse-sql.js';
import { nodesOf } from '../../parser/walk.js';
import { columnOf, constantOf, type NamedNode, namedAt, node, nodes, strings, text } from './nodes.js';

/** Names of sources whose rows are written in the statement, and of their columns where it names those. */
export type WrittenSources = ReadonlySet<string>;

/** The sources in a part of a statement that are a `VALUES`, also by the name of a `WITH`. */
export function writtenIn(statement: SyntaxTree, part: string): WrittenSources {
  const written = new Set<string>();
  const isValues = ({ tree }: NamedNode) => tree['valuesLists'] !== undefined;
  const add = (name: string | undefined, columns: readonly string[]) => {
    for (const one of [name ?? '', ...columns]) written.add(one);
  };
  const named = nodes(node(statement, 'withClause'), 'ctes').filter(({ tree }) => isValues(namedAt(tree, 'ctequery')));
  for (const { kind, tree } of nodesOf(statement[part])) {
    const alias = node(tree, 'alias');
    if (kind === 'RangeSubselect' && isValues(namedAt(tree, 'subquery')))
      add(text(alias, 'aliasname'), strings(alias, 'colnames'));
    if (kind !== 'RangeVar') continue;
    const from = named.find((cte) => text(cte.tree, 'ctename') === text(tree, 'relname'));
    if (from) add(text(alias, 'aliasname') ?? text(tree, 'relname'), strings(from.tree, 'aliascolnames'));
  }
  return written;
}

/** True for a condition that asks for rows by values written in the statement: `id = 7`, `code in ('a', 'b')`. */
export function picksRows({ kind, tree }: NamedNode, written: WrittenSources): boolean {
  if (kind === 'BoolExpr') {
    const parts = nodes(tree, 'args').map((part) => picksRows(part, written));
    return text(tree, 'boolop') === 'AND_EXPR'
      ? parts.some(Boolean)
      : text(tree, 'boolop') === 'OR_EXPR' && parts.every(Boolean);
  }
  if (kind !== 'A_Expr' || strings(tree, 'name')[0] !== '=') return false;
  const [left, right] = [namedAt(tree, 'lexpr'), namedAt(tree, 'rexpr')];
  if (columnOf(left) === undefined && columnOf(right) === undefined) return false;
  if (text(tree, 'kind') === 'AEXPR_IN') return nodes(right.tree, 'items').every((one) => isWritten(one, written));
  return isWritten(left, written) || isWritten(right, written);
}

function isWritten(value: NamedNode, written: WrittenSources): boolean {
  if (value.kind === 'TypeCast') return isWritten(namedAt(value.tree, 'arg'), written);
  if (value.kind === 'A_ArrayExpr') return nodes(value.tree, 'elements').every((one) => isWritten(one, written));
  if (value.kind === 'ColumnRef') return written.has(strings(value.tree, 'fields')[0] ?? '');
  return constantOf(value) !== undefined;
}
