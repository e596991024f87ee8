import { constantOf, type NamedNode, namedAt, node, nodes, strings, text } from '../sql/nodes.js';

/** The value of a condition of constants; undefined for one that asks for something. */
export function truthOf({ kind, tree }: NamedNode): boolean | null | undefined {
  switch (kind) {
    case 'A_Const':
      if (tree['isnull'] === true) return null;
      return tree['boolval'] === undefined ? undefined : node(tree, 'boolval')['boolval'] === true;
    case 'TypeCast': {
      const inner = namedAt(tree, 'arg');
      const written =
        strings(node(tree, 'typeName'), 'names').at(-1) === 'bool' ? constantOf(inner)?.trim() : undefined;
      return written === undefined ? truthOf(inner) : /^(?:t|true|y|yes|on|1)$/i.test(written);
    }
    case 'BoolExpr':
      return truthOfParts(text(tree, 'boolop'), nodes(tree, 'args').map(truthOf));
    case 'A_Expr':
      return text(tree, 'kind') === 'AEXPR_OP' ? truthOfComparison(tree) : undefined;
    default:
      return undefined;
  }
}

function truthOfParts(word: string | undefined, parts: readonly (boolean | null | undefined)[]) {
  const [first] = parts;
  if (word === 'NOT_EXPR') return typeof first === 'boolean' ? !first : first;
  const decisive = word === 'OR_EXPR';
  if (parts.includes(decisive)) return decisive;
  return parts.includes(undefined) ? undefined : parts.includes(null) ? null : !decisive;
}

function truthOfComparison(tree: NamedNode['tree']): boolean | undefined {
  const [left, right] = [constantOf(namedAt(tree, 'lexpr')), constantOf(namedAt(tree, 'rexpr'))];
  if (left === undefined || right === undefined) return undefined;
  // Texts have an order of their own in each database.
  const [one, other] = [Number(left), Number(right)];
  switch (strings(tree, 'name').at(-1)) {
    case '=':
      return left === right;
    case '<>':
      return left !== right;
    case '<':
      return Number.isNaN(one + other) ? undefined : one < other;
    case '>':
      return Number.isNaN(one + other) ? undefined : one > other;
    default:
      return undefined;
  }
}
