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

/** Statements that a file has prepared, by their names. */
export type Prepared = Map<string, { readonly query: NamedNode; readonly statement: ParsedStatement }>;

/**
 * The steps of a statement, in order: what EXPLAIN ANALYZE, COPY or EXECUTE runs, what CREATE SCHEMA makes in it, and the writes in a
 * WITH are steps too.
 */
export function stepsOf(statement: ParsedStatement, moment: Moment, prepared: Prepared): readonly Step[] {
  const { kind, tree } = statement;
  if (kind === 'PrepareStmt') prepared.set(text(tree, 'name') ?? '', { query: namedAt(tree, 'query'), statement });
  return [...stepsIn(executed({ kind, tree }, prepared), statement, moment, prepared)];
}

/** A CREATE TABLE AS EXECUTE with the query that it runs. */
function executed(statement: NamedNode, prepared: Prepared): NamedNode {
  const run = namedAt(statement.tree, 'query');
  if (statement.kind !== 'CreateTableAsStmt' || run.kind !== 'ExecuteStmt') return statement;
  const query = prepared.get(text(run.tree, 'name') ?? '')?.query;
  return query ? { kind: statement.kind, tree: { ...statement.tree, query: { [query.kind]: query.tree } } } : statement;
}

function* stepsIn(
  { kind, tree }: NamedNode,
  statement: ParsedStatement,
  moment: Moment,
  prepared: Prepared,
): Generator<Step> {
  if (kind === 'ExecuteStmt') {
    const run = prepared.get(text(tree, 'name') ?? '');
    // Found where it is written, which is where a comment can silence it.
    if (run) yield* stepsIn(run.query, run.statement, moment, prepared);
  }
  const into = node(tree, 'intoClause');
  if (kind === 'SelectStmt' && Object.keys(into).length > 0) {
    // As PostgreSQL itself takes it.
    const { intoClause: _, ...query } = tree;
    yield* stepsIn(
      { kind: 'CreateTableAsStmt', tree: { into, query: { SelectStmt: query }, objtype: 'OBJECT_TABLE' } },
      statement,
      moment,
      prepared,
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
  if (isRun && tree['query'] !== undefined)
    yield* stepsIn(executed(namedAt(tree, 'query'), prepared), statement, moment, prepared);
  if (kind === 'CreateSchemaStmt')
    for (const made of nodes(tree, 'schemaElts')) yield* stepsIn(inSchema(made, tree), statement, moment, prepared);
  if (WITH_WRITES.has(kind))
    for (const found of nodesOf(tree))
      if (found.kind === 'CommonTableExpr') {
        const write = namedAt(found.tree, 'ctequery');
        if (write.kind !== 'SelectStmt')
          yield { statement, moment, objectType: undefined, relation: relationOf(write.kind, write.tree), ...write };
      }
}

/** A statement in CREATE SCHEMA: what it makes or grants is in that schema. */
function inSchema({ kind, tree }: NamedNode, schema: SyntaxTree): NamedNode {
  const schemaname = text(schema, 'schemaname') ?? text(node(schema, 'authrole'), 'rolename');
  const named = ['relation', 'view', 'sequence'].flatMap((member) =>
    text(node(tree, member), 'relname') === undefined ? [] : [[member, { schemaname, ...node(tree, member) }]],
  );
  return { kind, tree: { ...tree, ...Object.fromEntries(named) } };
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
    kind === 'String' ? { name: text(object, 'sval') ?? '' } : nameOf(strings(object, NAMES[kind] ?? 'names')),
  );
}

/** The member that holds the name of what is dropped, where it is not `names`. */
const NAMES: Readonly<Record<string, string>> = { List: 'items', ObjectWithArgs: 'objname' };

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
