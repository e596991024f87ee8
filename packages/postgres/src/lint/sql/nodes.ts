import type { SyntaxTree } from '../../parser/parse-sql.js';

/** A node with the name of its kind. */
export interface NamedNode {
  readonly kind: string;
  readonly tree: SyntaxTree;
}

/** A member that is a text. */
export function text(tree: SyntaxTree, member: string): string | undefined {
  const value = tree[member];
  return typeof value === 'string' ? value : undefined;
}

/** A member that is a node, or an empty one. */
export function node(tree: SyntaxTree | undefined, member: string): SyntaxTree {
  const value = tree?.[member];
  return typeof value === 'object' && value !== null ? (value as SyntaxTree) : {};
}

/** A member that is a list of nodes, each with its kind. */
export function nodes(tree: SyntaxTree | undefined, member: string): readonly NamedNode[] {
  const value = tree?.[member];
  return Array.isArray(value) ? value.map((entry: SyntaxTree) => named(entry)) : [];
}

/** A node as the tree keeps it, `{ ColumnDef: … }`. */
export function named(wrapped: SyntaxTree | undefined): NamedNode {
  const [kind = '', tree = {}] = Object.entries(wrapped ?? {})[0] ?? [];
  return { kind, tree: (typeof tree === 'object' && tree !== null ? tree : {}) as SyntaxTree };
}

/** A member that is one node with its kind. */
export function namedAt(tree: SyntaxTree | undefined, member: string): NamedNode {
  return named(node(tree, member));
}

/** The texts of a list of `String` nodes. */
export function strings(tree: SyntaxTree | undefined, member: string): readonly string[] {
  return nodes(tree, member).flatMap(({ kind, tree: entry }) => (kind === 'String' ? [text(entry, 'sval') ?? ''] : []));
}

/** The number of bytes before a node, where the tree says it. */
export function locationOf(tree: SyntaxTree): number | undefined {
  const value = tree['location'];
  // A location of 0 is left out, like every other zero.
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

/** The name of a column that a node is, without its table. */
export function columnOf({ kind, tree }: NamedNode): string | undefined {
  return kind === 'ColumnRef' ? strings(tree, 'fields').at(-1) : undefined;
}

/** A constant's text or number as it is written. */
export function constantOf({ kind, tree }: NamedNode): string | undefined {
  if (kind !== 'A_Const') return undefined;
  if (tree['ival'] !== undefined) return String(node(tree, 'ival')['ival'] ?? 0);
  return text(node(tree, 'sval'), 'sval') ?? text(node(tree, 'fval'), 'fval');
}

/** True where an option such as `concurrently` or `security_invoker` is there and not switched off. */
export function isOn(tree: SyntaxTree, member: string, option: string): boolean {
  const found = nodes(tree, member).find(({ tree: entry }) => text(entry, 'defname') === option);
  if (!found) return false;
  const { kind, tree: value } = namedAt(found.tree, 'arg');
  if (kind === '') return true;
  const word = text(value, 'sval') ?? String(value['ival'] ?? value['boolval'] ?? 0);
  return /^(?:on|true|yes|1|t|y)$/i.test(word);
}
