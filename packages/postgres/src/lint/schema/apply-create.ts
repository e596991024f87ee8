import type { SyntaxTree } from '../../parser/parse-sql.js';
import { keyOf, type QualifiedName, relationName } from '../sql/names.js';
import { columnOf, namedAt, node, nodes, strings, text } from '../sql/nodes.js';
import { addColumn, addConstraint } from './apply-alter.js';
import type { Schema } from './schema.js';
import type { Step } from './step.js';
import { type Column, type Constraint, emptyTable, type Table } from './table.js';

/** CREATE TABLE, of partitions and typed tables too. */
export function createTable(schema: Schema, { tree, relation, moment }: Step): void {
  if (!relation || schema.tables.has(keyOf(relation))) return;
  const parents = nodes(tree, 'inhRelations').map(({ tree: parent }) => relationName(parent));
  const isPartition = tree['partbound'] !== undefined;
  const likes = nodes(tree, 'tableElts').flatMap(({ kind, tree: like }) =>
    kind === 'TableLikeClause' ? [relationName(node(like, 'relation'))] : [],
  );
  const sources = [...parents, ...likes].map((name) => schema.table(name));
  const [parent] = parents;
  const partition = node(tree, 'partspec');
  const table = emptyTable(relation, moment, {
    isTemporary: text(node(tree, 'relation'), 'relpersistence') === 't',
    isComplete: sources.every(({ isComplete }) => isComplete) && tree['ofTypename'] === undefined,
    isPartitioned: tree['partspec'] !== undefined,
    partitionKey: nodes(partition, 'partParams').flatMap(({ tree: key }) => text(key, 'name') ?? []),
    ...(isPartition && parent && { partitionOf: parent }),
  });
  schema.tables.set(keyOf(relation), table);
  for (const source of sources) for (const column of source.columns.values()) table.columns.set(column.name, column);
  if (isPartition && parent) inherit(table, schema.table(parent));
  for (const { kind, tree: like } of nodes(tree, 'tableElts'))
    if (kind === 'TableLikeClause')
      copyKeys(table, schema.table(relationName(node(like, 'relation'))), Number(like['options'] ?? 0));
  const elements = nodes(tree, 'tableElts');
  for (const { kind, tree: element } of elements) if (kind === 'ColumnDef') addColumn(table, element, moment);
  for (const { kind, tree: element } of elements) if (kind === 'Constraint') addConstraint(table, element, moment);
}

/** Keys and indexes of its parent, which a partition has copies of. */
function inherit(table: Table, parent: Table): void {
  for (const [name, index] of parent.indexes) table.indexes.set(name, index);
  for (const [name, constraint] of parent.constraints) table.constraints.set(name, constraint);
}

/** Keys and indexes that a LIKE copies, under names of the new table. Foreign keys are not among them. */
function copyKeys(table: Table, { name: from, indexes, constraints }: Table, options: number): void {
  const { made } = table;
  const renamed = (name: string) =>
    name.startsWith(`${from.name}_`)
      ? `${table.name.name}${name.slice(from.name.length)}`
      : `${table.name.name}_${name}`;
  const isIncluded = (kind: Constraint['kind']) =>
    kind === 'check' ? options & INCLUDING_CONSTRAINTS : kind !== 'foreign' && options & INCLUDING_INDEXES;
  for (const constraint of constraints.values())
    if (isIncluded(constraint.kind)) {
      // A check keeps its name.
      const name = constraint.kind === 'check' ? constraint.name : renamed(constraint.name);
      table.constraints.set(name, { ...constraint, name, made });
    }
  if (!(options & INCLUDING_INDEXES)) return;
  for (const index of indexes.values()) {
    const name = renamed(index.name);
    table.indexes.set(name, {
      ...index,
      name,
      made,
      ...(index.constraint && { constraint: renamed(index.constraint) }),
    });
  }
}

const INCLUDING_CONSTRAINTS = 1 << 2;
const INCLUDING_INDEXES = 1 << 6;

/** CREATE TABLE AS: the names of its columns are known where the query says them. */
export function createTableAs(schema: Schema, name: QualifiedName, { tree, moment }: Step): void {
  if (schema.tables.has(keyOf(name))) return;
  const names = selectedNames(tree, schema);
  const table = emptyTable(name, moment, {
    isTemporary: text(node(node(tree, 'into'), 'rel'), 'relpersistence') === 't',
    isComplete: names !== undefined,
  });
  const unknown = { type: undefined, isNotNull: false, isGenerated: false };
  for (const column of names ?? []) table.columns.set(column, { name: column, ...unknown } satisfies Column);
  schema.tables.set(keyOf(name), table);
}

/** The columns that a CREATE TABLE AS makes; undefined where neither its query nor the tables that it reads say all of them. */
export function selectedNames(tree: SyntaxTree, schema?: Schema): readonly string[] | undefined {
  const select = node(node(tree, 'query'), 'SelectStmt');
  const given = strings(node(tree, 'into'), 'colNames');
  const [row] = nodes(select, 'valuesLists');
  const found = row
    ? nodes(row.tree, 'items').map((_, at) => `column${at + 1}`)
    : nodes(select, 'targetList').flatMap(({ tree: target }) => {
        const value = namedAt(target, 'val');
        const isAll = nodes(value.tree, 'fields').at(-1)?.kind === 'A_Star';
        return isAll ? columnsOfAll(select, schema) : [text(target, 'name') ?? columnOf(value)];
      });
  const names = [...given, ...found.slice(given.length)];
  return names.length > 0 && names.every((name) => name !== undefined) ? names : undefined;
}

/** The columns that `*` stands for, where one table is read of which all are known. */
function columnsOfAll(select: SyntaxTree, schema: Schema | undefined): readonly (string | undefined)[] {
  const [read, ...others] = nodes(select, 'fromClause');
  const isOther = select['withClause'] !== undefined || others.length > 0 || read?.kind !== 'RangeVar';
  const table = isOther ? undefined : schema?.table(relationName(read.tree));
  return table?.isComplete ? [...table.columns.keys()] : [undefined];
}
