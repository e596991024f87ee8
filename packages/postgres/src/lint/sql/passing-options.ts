import type { SyntaxTree } from '../../parser/parse-sql.js';
import { namedAt, nodes, text } from './nodes.js';

/** The options of a role by which no policy holds it, as far as the statement switches them on, or off. */
export function passingOptions(tree: SyntaxTree, isOn: boolean): readonly string[] {
  return nodes(tree, 'options').flatMap(({ tree: option }) => {
    const name = text(option, 'defname') ?? '';
    return PASSING.has(name) && (namedAt(option, 'arg').tree['boolval'] === true) === isOn ? name.toUpperCase() : [];
  });
}

const PASSING: ReadonlySet<string> = new Set(['bypassrls', 'superuser']);
