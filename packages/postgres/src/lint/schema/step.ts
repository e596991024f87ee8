import type { ParsedStatement, SyntaxTree } from '../../parser/parse-sql.js';
import { keyOf, nameOf, type QualifiedName, relationName } from '../sql/names.js';
import { isOn, locationOf, node, nodes, strings, text } from '../sql/nodes.js';
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

/** The steps of a statement, in order. */
export function stepsOf(statement: ParsedStatement, moment: Moment): readonly Step[] {
  const { kind, tree } = statement;
  const range = node(tree, RANGES[kind] ?? 'relation');
  const relation = text(range, 'relname') === undefined ? undefined : relationName(range);
  const objectType =
    text(tree, 'objtype') ?? text(tree, 'renameType') ?? text(tree, 'objectType') ?? text(tree, 'removeType');
  const step = { statement, relation, objectType, moment };
  if (kind !== 'AlterTableStmt') return [{ ...step, kind, tree }];
  return nodes(tree, 'cmds').map((command) => ({
    ...step,
    kind: text(command.tree, 'subtype') ?? '',
    tree: command.tree,
  }));
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
    nameOf(strings(object, kind === 'List' ? 'items' : 'names')),
  );
}

/** True for a statement that PostgreSQL refuses inside a transaction, and the runner makes a step of its own. */
export function isOutsideTransactions({ kind, tree }: ParsedStatement): boolean {
  switch (kind) {
    case 'IndexStmt':
      return tree['concurrent'] === true;
    case 'DropStmt':
      return tree['concurrent'] === true;
    case 'ReindexStmt':
      return (
        isOn(tree, 'params', 'concurrently') ||
        !['REINDEX_OBJECT_TABLE', 'REINDEX_OBJECT_INDEX'].includes(text(tree, 'kind') ?? '')
      );
    case 'AlterTableStmt':
      return nodes(tree, 'cmds').some(
        ({ tree: command }) => node(node(command, 'def'), 'PartitionCmd')['concurrent'] === true,
      );
    case 'VacuumStmt':
      return tree['is_vacuumcmd'] === true;
    default:
      return OUTSIDE.has(kind);
  }
}

const OUTSIDE: ReadonlySet<string> = new Set([
  'CreatedbStmt',
  'DropdbStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterSystemStmt',
]);

/** The place of a step in its text, in bytes, where the tree says more than its statement does. */
export function placeIn({ kind, tree }: Step): number | undefined {
  if (!kind.startsWith('AT_')) return undefined;
  const [inner] = Object.values(node(tree, 'def')) as SyntaxTree[];
  return inner === undefined || typeof inner !== 'object' ? undefined : locationOf(inner);
}

/** True where two names mean one relation. */
export function isSame(one: QualifiedName, other: QualifiedName): boolean {
  return keyOf(one) === keyOf(other);
}
