import type { SyntaxTree } from '../../parser/parse-sql.js';
import { type NamedNode, namedAt, node, nodes, text } from './nodes.js';

/** A clause of a MERGE that changes or deletes rows. */
export interface ChangingClause {
  /** True for rows that have one of the source; false for all the others. */
  readonly isMatched: boolean;
  /** Its own condition; of the kind `''` where there is none. */
  readonly condition: NamedNode;
}

/** The clauses of a MERGE that change or delete rows that are there. */
export function changingClauses(tree: SyntaxTree): readonly ChangingClause[] {
  return nodes(tree, 'mergeWhenClauses')
    .filter(({ tree: clause }) => ['CMD_UPDATE', 'CMD_DELETE'].includes(text(clause, 'commandType') ?? ''))
    .map(({ tree: clause }) => ({
      isMatched: text(clause, 'matchKind') === 'MERGE_WHEN_MATCHED',
      condition: namedAt(clause, 'condition'),
    }));
}

export function isTrue({ kind, tree }: NamedNode): boolean {
  return kind === 'A_Const' && node(tree, 'boolval')['boolval'] === true;
}

/** True for a MERGE whose clauses all say DO NOTHING. */
export function doesNothing(tree: SyntaxTree): boolean {
  return nodes(tree, 'mergeWhenClauses').every(({ tree: clause }) => text(clause, 'commandType') === 'CMD_NOTHING');
}
