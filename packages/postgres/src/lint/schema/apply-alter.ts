import type { SyntaxTree } from '../../parser/parse-sql.js';
import { columnType } from '../sql/column-type.js';
import { keyOf, type QualifiedName, relationName } from '../sql/names.js';
import { namedAt, node, text } from '../sql/nodes.js';
import { fillsItself, keptColumn, readColumn } from './read-column.js';
import { readConstraint } from './read-constraint.js';
import type { Schema } from './schema.js';
import type { Step } from './step.js';
import type { Column, Moment, Table } from './table.js';

/** One action of ALTER TABLE. */
export function alterTable(schema: Schema, relation: QualifiedName, { kind, tree, moment }: Step): void {
  const table = schema.remembered(relation);
  const name = text(tree, 'name') ?? '';
  const definition = node(tree, 'def');
  switch (kind) {
    case 'AT_AddColumn':
      if (!table.columns.has(text(node(definition, 'ColumnDef'), 'colname') ?? ''))
        addColumn(table, node(definition, 'ColumnDef'), moment);
      return;
    case 'AT_DropColumn':
      dropColumn(table, name);
      return;
    case 'AT_AlterColumnType':
      change(table, name, { type: columnType(node(node(definition, 'ColumnDef'), 'typeName')) });
      return;
    case 'AT_SetNotNull':
      change(table, name, { isNotNull: true });
      return;
    case 'AT_DropNotNull':
      change(table, name, { isNotNull: false });
      return;
    case 'AT_AddIdentity':
      change(table, name, { isGenerated: true });
      return;
    case 'AT_ColumnDefault':
      if (fillsItself(namedAt(tree, 'def'))) change(table, name, { isGenerated: true });
      return;
    case 'AT_AddConstraint':
      addConstraint(table, node(definition, 'Constraint'), moment);
      return;
    case 'AT_ValidateConstraint':
      validate(table, name);
      return;
    case 'AT_DropConstraint': {
      const constraint = table.constraints.get(name);
      if (constraint?.kind === 'not-null')
        for (const column of constraint.columns) change(table, column, { isNotNull: false });
      table.constraints.delete(name);
      for (const index of table.indexes.values()) if (index.constraint === name) table.indexes.delete(index.name);
      return;
    }
    case 'AT_EnableRowSecurity':
    case 'AT_DisableRowSecurity':
      table.isRowSecurityEnabled = kind === 'AT_EnableRowSecurity';
      return;
    case 'AT_ForceRowSecurity':
    case 'AT_NoForceRowSecurity':
      table.isRowSecurityForced = kind === 'AT_ForceRowSecurity';
      return;
    case 'AT_AttachPartition': {
      const child = schema.remembered(relationName(node(node(definition, 'PartitionCmd'), 'name')));
      schema.tables.set(keyOf(child.name), { ...child, partitionOf: relation });
    }
  }
}

/** A column, with the constraints that are written behind it. */
export function addColumn(table: Table, definition: SyntaxTree, made: Moment): void {
  const column = readColumn(definition);
  table.columns.set(column.name, keptColumn(column));
  for (const constraint of column.constraints) addConstraint(table, constraint, made, column.name);
}

/** A constraint, with the index that stands behind a key. */
export function addConstraint(table: Table, tree: SyntaxTree, made: Moment, column?: string): void {
  const constraint = readConstraint(tree, table, made, column);
  if (!constraint) return;
  const { kind, name, columns, isValid } = constraint;
  table.constraints.set(name, constraint);
  const used = text(tree, 'indexname');
  if (used !== undefined) table.indexes.delete(used);
  if (kind === 'primary' || kind === 'unique' || kind === 'exclusion') {
    const method = kind === 'exclusion' ? (text(tree, 'access_method') ?? 'btree') : 'btree';
    table.indexes.set(name, {
      name,
      made,
      columns,
      isUnique: true,
      isPartial: tree['where_clause'] !== undefined,
      method,
      constraint: name,
    });
  }
  if (kind === 'primary') for (const each of columns) change(table, each, { isNotNull: true });
  // One that is NOT VALID yet says nothing of the rows that are there.
  if (kind === 'not-null' && isValid) for (const each of columns) change(table, each, { isNotNull: true });
}

function validate(table: Table, name: string): void {
  const constraint = table.constraints.get(name);
  if (!constraint) return;
  table.constraints.set(name, { ...constraint, isValid: true });
  if (constraint.kind === 'not-null') for (const each of constraint.columns) change(table, each, { isNotNull: true });
}

export function dropColumn(table: Table, name: string): void {
  table.columns.delete(name);
  for (const { columns, name: index } of table.indexes.values())
    if (columns.includes(name)) table.indexes.delete(index);
  for (const { columns, name: constraint } of table.constraints.values())
    if (columns.includes(name)) table.constraints.delete(constraint);
}

function change(table: Table, name: string, to: Partial<Column>): void {
  const column = table.columns.get(name) ?? { name, type: undefined, isNotNull: false, isGenerated: false };
  table.columns.set(name, { ...column, ...to });
}
