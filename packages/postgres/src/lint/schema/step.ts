import type { ParsedStatement, SyntaxTree } from '../../parser/parse-sql.js';
import { nodesOf } from '../../parser/walk.js';
import { keyOf, nameOf, type QualifiedName, relationName } from '../sql/names.js';
import { isOn, locationOf, type NamedNode, namedAt, node, nodes, strings, text } from '../sql/nodes.js';
import type { Moment } from './table.js';

/** One thing that a statement does: an ALTER TABLE of three actions is three steps. */
export interface Step {
  /** The kind of statement, or of an action of ALTER TABLE, as PostgreSQL's grammar names it: `IndexStmt`, `AT_AddColumn`. */
  readonly kind: string;
  readonly tree: SyntaxTree;
  readonly statement: ParsedStatement;
  /** The table or other relation that it is about. */
  readonly relation: QualifiedName | undefined;
  /** The kind of relation of an ALTER: `OBJECT_TABLE`, `OBJECT_INDEX`, `OBJECT_VIEW`. */
  readonly objectType: string | undefined;
  readonly moment: Moment;
}

/** The steps of a statement, in order: what EXPLAIN ANALYZE or COPY runs, and the writes in a WITH, are steps too. */
export function stepsOf(statement: ParsedStatement, moment: Moment): readonly Step[] {
  return [...stepsIn({ kind: statement.kind, tree: statement.tree }, statement, moment)];
}

function* stepsIn({ kind, tree }: NamedNode, statement: ParsedStatement, moment: Moment): Generator<Step> {
  const into = node(tree, 'intoClause');
  if (kind === 'SelectStmt' && Object.keys(into).length > 0) {
    // As PostgreSQL itself takes it.
    const { intoClause: _, ...query } = tree;
    yield* stepsIn(
      { kind: 'CreateTableAsStmt', tree: { into, query: { SelectStmt: query }, objtype: 'OBJECT_TABLE' } },
      statement,
      moment,
    );
    return;
  }
  const relation = relationOf(kind, tree);
  const objectType =
    text(tree, 'objtype') ?? text(tree, 'renameType') ?? text(tree, 'objectType') ?? text(tree, 'removeType');
  const step = { statement, relation, objectType, moment };
  if (kind === 'AlterTableStmt')
    for (const { tree: command } of nodes(tree, 'cmds'))
      yield { ...step, kind: text(command, 'subtype') ?? '', tree: command };
  else yield { ...step, kind, tree };
  const isRun = kind === 'CopyStmt' || (kind === 'ExplainStmt' && isOn(tree, 'options', 'analyze'));
  if (isRun && tree['query'] !== undefined) yield* stepsIn(namedAt(tree, 'query'), statement, moment);
  if (WITH_WRITES.has(kind))
    for (const found of nodesOf(tree))
      if (found.kind === 'CommonTableExpr') {
        const write = namedAt(found.tree, 'ctequery');
        if (write.kind !== 'SelectStmt')
          yield { statement, moment, objectType: undefined, relation: relationOf(write.kind, write.tree), ...write };
      }
}

/** Statements whose WITH may write. */
const WITH_WRITES: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CreateTableAsStmt',
]);

function relationOf(kind: string, tree: SyntaxTree): QualifiedName | undefined {
  if (kind === 'DropStmt' && tree['removeType'] === 'OBJECT_POLICY') {
    // The policy's name is behind that of its table: `schema.table.policy`.
    const [object] = nodes(tree, 'objects');
    return nameOf(strings(object?.tree, 'items').slice(0, -1));
  }
  const range = kind === 'CreateTableAsStmt' ? node(node(tree, 'into'), 'rel') : node(tree, RANGES[kind] ?? 'relation');
  return text(range, 'relname') === undefined ? undefined : relationName(range);
}

/** The member that holds the relation, where it is not `relation`. */
const RANGES: Readonly<Record<string, string>> = {
  CreatePolicyStmt: 'table',
  AlterPolicyStmt: 'table',
  ViewStmt: 'view',
};

/** The names that a DROP lists. */
export function droppedNames(tree: SyntaxTree): readonly QualifiedName[] {
  return nodes(tree, 'objects').map(({ kind, tree: object }) =>
    // A schema is one text.
    kind === 'String'
      ? { name: text(object, 'sval') ?? '' }
      : nameOf(strings(object, kind === 'List' ? 'items' : 'names')),
  );
}

/** The place of a step in its text, in bytes, where the tree says more than its statement does. */
export function placeIn({ kind, tree, statement }: Step): number | undefined {
  // A write in a WITH, or what EXPLAIN runs.
  if (!kind.startsWith('AT_')) return tree === statement.tree ? undefined : locationOf(node(tree, 'relation'));
  const [inner] = Object.values(node(tree, 'def')) as SyntaxTree[];
  return inner === undefined || typeof inner !== 'object' ? undefined : locationOf(inner);
}

/** True where two names mean one relation. */
export function isSame(one: QualifiedName, other: QualifiedName): boolean {
  return keyOf(one) === keyOf(other);
}
