import { nodesOf } from '../../parser/walk.js';
import { keyOf, nameOf, type QualifiedName, relationName } from '../sql/names.js';
import { isOn, node, nodes, strings, text } from '../sql/nodes.js';
import { passingOptions } from '../sql/passing-options.js';
import { alterTable, dropColumn } from './apply-alter.js';
import { createTable, createTableAs } from './apply-create.js';
import { readIndex } from './read-index.js';
import { policyName, readPolicy } from './read-policy.js';
import { BEFORE, type Schema, type View } from './schema.js';
import { droppedNames, type Step } from './step.js';
import type { Table } from './table.js';
import { takenAlong } from './taken-along.js';

/** Brings the schema forward by one step. */
export function apply(schema: Schema, step: Step): void {
  const { kind, tree, relation, moment } = step;
  if (kind.startsWith('AT_')) {
    if (step.objectType === 'OBJECT_TABLE' && relation) alterTable(schema, relation, step);
    else if (step.objectType === 'OBJECT_VIEW' && relation) alterView(schema, relation, step);
    return;
  }
  switch (kind) {
    case 'CreateStmt':
      createTable(schema, step);
      return;
    case 'CreateTableAsStmt':
      if (!relation) return;
      if (step.objectType === 'OBJECT_MATVIEW') addView(schema, relation, step, true);
      else createTableAs(schema, relation, step);
      return;
    case 'ViewStmt':
      if (relation) addView(schema, relation, step, false);
      return;
    case 'IndexStmt': {
      if (!relation) return;
      const table = schema.remembered(relation);
      const index = readIndex(tree, table, moment);
      if (!table.indexes.has(index.name)) table.indexes.set(index.name, index);
      return;
    }
    case 'DropStmt':
      drop(schema, step);
      return;
    case 'RenameStmt':
      rename(schema, step);
      return;
    case 'CreatePolicyStmt':
    case 'AlterPolicyStmt':
      if (relation) keepPolicy(schema.remembered(relation), tree);
      return;
    case 'CreateEnumStmt':
      schema.enums.set(keyOf(nameOf(strings(tree, 'typeName'))), moment);
      return;
    case 'CreateDomainStmt':
      schema.domains.set(keyOf(nameOf(strings(tree, 'domainname'))), {
        isConstrained: nodes(tree, 'constraints').length > 0,
        made: moment,
      });
      return;
    case 'AlterDomainStmt': {
      const name = keyOf(nameOf(strings(tree, 'typeName')));
      const made = schema.domains.get(name)?.made ?? BEFORE;
      if (text(tree, 'subtype') === 'C') schema.domains.set(name, { isConstrained: true, made });
      return;
    }
    case 'CreateRoleStmt':
    case 'AlterRoleStmt': {
      const role = text(tree, 'role') ?? text(node(tree, 'role'), 'rolename') ?? '';
      if (passingOptions(tree, true).length > 0) schema.passingRoles.add(role);
      else if (passingOptions(tree, false).length > 0) schema.passingRoles.delete(role);
      return;
    }
    case 'CreateFunctionStmt': {
      const volatility = nodes(tree, 'options').find(({ tree: option }) => text(option, 'defname') === 'volatility');
      const word = volatility && text(node(node(volatility.tree, 'arg'), 'String'), 'sval');
      const name = keyOf(nameOf(strings(tree, 'funcname')));
      if (word === 'immutable' || word === 'stable') schema.steadyFunctions.add(name);
      else schema.steadyFunctions.delete(name);
    }
  }
}

function keepPolicy(table: Table, tree: Step['tree']): void {
  table.policies.set(policyName(tree), readPolicy(tree, table));
}

function addView(schema: Schema, name: QualifiedName, { tree, moment }: Step, isMaterialized: boolean): void {
  schema.views.set(keyOf(name), {
    name,
    isMaterialized,
    made: moment,
    reads: relationsRead(tree['query']),
    isInvoker: isOn(tree, 'options', 'security_invoker'),
  });
}

/** The relations that a query reads; names of its own `WITH` are none. */
export function relationsRead(query: unknown): View['reads'] {
  const own = new Set<string>();
  const read = new Map<string, QualifiedName>();
  for (const { kind, tree } of nodesOf(query)) {
    if (kind === 'CommonTableExpr') own.add(text(tree, 'ctename') ?? '');
    if (kind === 'RangeVar') read.set(keyOf(relationName(tree)), relationName(tree));
  }
  return [...read.values()].filter(({ schema, name }) => schema !== undefined || !own.has(name));
}

function alterView(schema: Schema, relation: QualifiedName, { kind, tree }: Step): void {
  const view = schema.views.get(keyOf(relation));
  if (!view) return;
  const options = node(node(tree, 'def'), 'List');
  if (!nodes(options, 'items').some(({ tree: option }) => text(option, 'defname') === 'security_invoker')) return;
  view.isInvoker = kind === 'AT_SetRelOptions' && isOn(options, 'items', 'security_invoker');
}

function drop(schema: Schema, step: Step): void {
  const { tree, relation, objectType } = step;
  const along = takenAlong(schema, step);
  for (const { table, policy } of along.policies) table.policies.delete(policy);
  for (const { table, column } of along.columns) dropColumn(table, column);
  for (const name of droppedNames(tree)) {
    if (objectType === 'OBJECT_TABLE') schema.tables.delete(keyOf(name));
    else if (objectType === 'OBJECT_VIEW' || objectType === 'OBJECT_MATVIEW') schema.views.delete(keyOf(name));
    else if (objectType === 'OBJECT_INDEX') schema.index(name)?.table.indexes.delete(name.name);
    else if (objectType === 'OBJECT_TYPE') schema.enums.delete(keyOf(name));
    else if (objectType === 'OBJECT_DOMAIN') schema.domains.delete(keyOf(name));
    else if (objectType === 'OBJECT_POLICY' && relation) schema.table(relation).policies.delete(name.name);
    else if (objectType === 'OBJECT_SCHEMA') dropSchema(schema, name.name);
  }
}

/** Forgets what lies in a schema, which goes with it. */
function dropSchema({ tables, views }: Schema, dropped: string): void {
  for (const all of [tables, views]) for (const [key, { name }] of all) if (name.schema === dropped) all.delete(key);
}

function rename(schema: Schema, { tree, relation, objectType }: Step): void {
  const [from = '', to = ''] = [text(tree, 'subname'), text(tree, 'newname')];
  if (!relation) return;
  const key = keyOf(relation);
  if (objectType === 'OBJECT_TABLE') {
    const table = schema.table(relation);
    schema.tables.delete(key);
    schema.tables.set(keyOf({ ...relation, name: to }), { ...table, name: { ...relation, name: to } });
  } else if (objectType === 'OBJECT_VIEW' || objectType === 'OBJECT_MATVIEW') {
    const view = schema.views.get(key);
    schema.views.delete(key);
    if (view) schema.views.set(keyOf({ ...relation, name: to }), { ...view, name: { ...relation, name: to } });
  } else if (objectType === 'OBJECT_INDEX') {
    const found = schema.index(relation);
    found?.table.indexes.delete(relation.name);
    found?.table.indexes.set(to, { ...found.index, name: to });
  } else if (objectType === 'OBJECT_COLUMN') {
    renameColumn(schema, relation, from, to);
  } else if (objectType === 'OBJECT_TABCONSTRAINT') {
    const { constraints } = schema.table(relation);
    const constraint = constraints.get(from);
    constraints.delete(from);
    if (constraint) constraints.set(to, { ...constraint, name: to });
  }
}

function renameColumn(schema: Schema, relation: QualifiedName, from: string, to: string): void {
  const { columns, indexes, constraints } = schema.table(relation);
  const column = columns.get(from);
  columns.delete(from);
  if (column) columns.set(to, { ...column, name: to });
  const renamed = <Name extends string | undefined>(name: Name) => (name === from ? to : name);
  for (const [key, index] of indexes) indexes.set(key, { ...index, columns: index.columns.map(renamed) });
  for (const [key, constraint] of constraints)
    constraints.set(key, { ...constraint, columns: constraint.columns.map(renamed) });
}
