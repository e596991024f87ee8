import { nodesOf } from '../../parser/walk.js';
import type { ResolvedLintOptions } from '../rule/lint-options.js';
import { isTenantTable } from '../rule/tables.js';
import type { Schema } from '../schema/schema.js';
import type { Table } from '../schema/table.js';
import { type QualifiedName, relationName } from '../sql/names.js';
import { type NamedNode, namedAt, node, strings, text } from '../sql/nodes.js';

/** The surroundings of a condition: the table whose rows it judges, and those that subselects around it read. */
export interface Scope {
  readonly table: QualifiedName;
  readonly schema: Schema;
  readonly options: ResolvedLintOptions;
  /** True for a policy of a role that nothing else limits: the name of one tenant in it is that of the role's. */
  readonly isOfRole?: boolean;
  readonly inner: readonly ReadRelation[];
}

interface ReadRelation {
  /** The name by which columns of it are asked for. */
  readonly alias: string;
  /** Undefined for what is no table, whose columns are not known. */
  readonly table: Table | undefined;
}

/** The scope inside a subselect. */
export function scopeIn(select: NamedNode, scope: Scope): Scope {
  const read = [...nodesOf(select.tree['fromClause'])].flatMap(({ kind, tree }): ReadRelation[] => {
    const alias = text(node(tree, 'alias'), 'aliasname');
    if (kind === 'RangeVar')
      return [{ alias: alias ?? relationName(tree).name, table: scope.schema.table(relationName(tree)) }];
    return kind.startsWith('Range') ? [{ alias: alias ?? '', table: undefined }] : [];
  });
  return { ...scope, inner: [...scope.inner, ...read] };
}

/** True for a column of the row that the condition judges, and not of what a subselect reads. */
export function isOfRow({ kind, tree }: NamedNode, { table, inner }: Scope): boolean {
  if (kind !== 'ColumnRef') return false;
  const [name = '', qualifier] = strings(tree, 'fields').toReversed();
  if (qualifier !== undefined) return qualifier === table.name && !inner.some(({ alias }) => alias === qualifier);
  return !inner.some(({ table: read }) => !read?.isComplete || read.columns.has(name));
}

/** True for the tenant column of the row, also behind a cast: that a cast costs the index is another rule's. */
export function isTenantOfRow(value: NamedNode, scope: Scope): boolean {
  if (value.kind === 'TypeCast') return isTenantOfRow(namedAt(value.tree, 'arg'), scope);
  return isOfRow(value, scope) && strings(value.tree, 'fields').at(-1) === scope.options.tenantColumn;
}

/** True where policies keep what a subselect reads to the tenant that asks. */
export function readsProtected(select: NamedNode, { schema, options }: Scope): boolean {
  const read = [...nodesOf(select.tree['fromClause'])].filter(({ kind }) => kind.startsWith('Range'));
  return (
    read.length > 0 &&
    read.every(({ kind, tree }) => kind === 'RangeVar' && isProtected(schema.table(relationName(tree)), options))
  );
}

function isProtected(table: Table, options: ResolvedLintOptions): boolean {
  if (!isTenantTable(table, options)) return false;
  return options.policies === 'compiled' || (table.isRowSecurityEnabled && table.policies.size > 0);
}
