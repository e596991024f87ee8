import type { ParsedStatement } from '../../parser/parse-sql.js';
import { nodesOf } from '../../parser/walk.js';
import { constantOf, locationOf, node, nodes, strings, text } from '../sql/nodes.js';
import type { LintedFile } from './rule.js';

/** A setting that a statement sets: by SET, by a call of `set_config`, or for a role, a database or a function. */
export interface Setting {
  readonly name: string;
  /** Undefined for one that is not written there. */
  readonly value: string | undefined;
  /** True for RESET and SET … TO DEFAULT. */
  readonly isReset: boolean;
  readonly statement: ParsedStatement;
  readonly at: number | undefined;
}

/** The settings that the statements of a file set. */
export function* settingsOf({ steps }: LintedFile): Generator<Setting> {
  for (const statement of new Set(steps.map((step) => step.statement))) {
    const kept = node(statement.tree, 'setstmt');
    const own = Object.keys(kept).length > 0 ? { VariableSetStmt: kept } : { [statement.kind]: statement.tree };
    for (const { kind, tree } of nodesOf(own)) {
      const [first, second] = nodes(tree, 'args');
      const call = kind === 'FuncCall' && strings(tree, 'funcname').at(-1) === 'set_config' && first;
      const name = kind === 'VariableSetStmt' ? text(tree, 'name') : call ? constantOf(call) : undefined;
      if (name === undefined) continue;
      const value = call ? second : first;
      yield {
        name: name.toLowerCase(),
        value: value && constantOf(value)?.toLowerCase(),
        isReset: text(tree, 'kind') === 'VAR_RESET' || text(tree, 'kind') === 'VAR_SET_DEFAULT',
        statement,
        at: call ? locationOf(tree) : undefined,
      };
    }
  }
}
