import type { SyntaxTree } from './parse-sql.js';

/** A node somewhere in a tree: its kind, as PostgreSQL's grammar names it, and what it says. */
export interface FoundNode {
  readonly kind: string;
  readonly tree: SyntaxTree;
}

/** Every node below `value` whose kind is written with a capital letter, outermost first. */
export function* nodesOf(value: unknown): Generator<FoundNode> {
  if (Array.isArray(value)) {
    for (const entry of value) yield* nodesOf(entry);
  } else if (typeof value === 'object' && value !== null) {
    for (const [kind, tree] of Object.entries(value)) {
      if (/^[A-Z]/.test(kind) && typeof tree === 'object' && tree !== null) yield { kind, tree: tree as SyntaxTree };
      yield* nodesOf(tree);
    }
  }
}

/** The parts of a dotted name, which the tree keeps as a list of `String` nodes. */
export function namesOf(list: unknown): readonly string[] {
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    const text = (entry as { readonly String?: { readonly sval?: string } }).String?.sval;
    return text === undefined ? [] : [text];
  });
}
