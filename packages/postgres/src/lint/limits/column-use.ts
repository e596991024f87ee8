import { nodesOf } from '../../parser/walk.js';
import { columnOf, type NamedNode, namedAt, text } from '../sql/nodes.js';

/** True where the tenant column stands in a cast or a call. */
export function computes(condition: NamedNode, column: string): boolean {
  return [...nodesOf({ [condition.kind]: condition.tree })].some(
    ({ kind, tree }) =>
      (kind === 'TypeCast' && columnOf(namedAt(tree, 'arg')) === column) ||
      (kind === 'FuncCall' && [...nodesOf(tree['args'])].some((found) => columnOf(found) === column)),
  );
}

/** True for an OR of which one part asks for the tenant and another one does not. */
export function opens(condition: NamedNode, column: string): boolean {
  return [...nodesOf({ [condition.kind]: condition.tree })].some(({ kind, tree }) => {
    if (kind !== 'BoolExpr' || text(tree, 'boolop') !== 'OR_EXPR') return false;
    const parts = (tree['args'] as readonly unknown[]).map((part) =>
      [...nodesOf(part)].some((found) => columnOf(found) === column),
    );
    return parts.includes(true) && parts.includes(false);
  });
}
