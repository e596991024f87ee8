import { TENANT_COLUMN_TYPES } from './policy-body.js';
import { isTenantColumn, type NamedRelation } from './relation-catalog.js';
import { describeRelation } from './resolve-policy-options.js';

/** Why a relation can be neither a tenant's nor shared, and what to do; null when nothing is wrong. */
export function relationProblem(relation: NamedRelation, isShared: boolean, tenantColumn: string): string | null {
  const { kind, type } = relation;
  const [subject, column] = [`The ${kind} ${describeRelation(relation)}`, JSON.stringify(tenantColumn)];
  if (kind === 'view') {
    return isShared
      ? `${subject} is named in shared, but every view runs with the rights of its reader. Remove it from shared.`
      : null;
  }
  if (isShared && type !== null) {
    return kind === 'table'
      ? `${subject} is named in shared and has the column ${column}: each tenant would read the others' rows. Remove it from shared.`
      : `${subject} has the column ${column} and cannot have policies: each tenant would read the others' rows. Move it to a schema that the application cannot use.`;
  }
  if (isShared) return null;
  if (kind !== 'table') {
    return `${subject} cannot have policies. Name it in shared if every tenant may read it, else move it to a schema that the application cannot use.`;
  }
  if (type === null) {
    return `${subject} has no column ${column}, so nothing says whose its rows are. Add the column, also to a table that only joins others, or name it in shared if every tenant may read it.`;
  }
  if (isTenantColumn(relation)) return null;
  return relation.deterministic
    ? `${subject} has the tenant column ${column} of type ${type}, which could be compared only by a cast on the column (G3). Change it to ${TENANT_COLUMN_TYPES.join(', ')}.`
    : `${subject} has the tenant column ${column} with a collation that takes different texts for equal, and so two tenants for one. Give it a deterministic collation, such as "C".`;
}
