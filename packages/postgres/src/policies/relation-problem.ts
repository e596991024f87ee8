import { isMigrationRecord } from './migration-records.js';
import { TENANT_COLUMN_TYPES } from './policy-body.js';
import { isTenantColumn, type NamedRelation } from './relation-catalog.js';
import { describeRelation } from './resolve-policy-options.js';

/** Why a relation can be neither a tenant's nor shared, and what to do; null when nothing is wrong. */
export function relationProblem(relation: NamedRelation, isShared: boolean, tenantColumn: string): string | null {
  const { kind, type } = relation;
  const [subject, column] = [`The ${kind} ${describeRelation(relation)}`, JSON.stringify(tenantColumn)];
  // What an extension brings is as its author made it: it has no policies, and a view of it keeps its owner.
  if (relation.fromExtension && isShared && type === null) return null;
  if (kind === 'view') {
    return isShared
      ? `${subject} is named in shared, but every view runs with the rights of its reader. Remove it from shared; or, if the application must not see it, name it in hidden.`
      : null;
  }
  if (isShared && type !== null) {
    return kind === 'table'
      ? `${subject} is named in shared and has the column ${column}: each tenant would read the others' rows. Remove it from shared.`
      : `${subject} has the column ${column} and cannot have policies: each tenant would read the others' rows. Move it to a schema that the application cannot use, or name it in hidden.`;
  }
  if (isShared && relation.keepers.length > 0) {
    return `${subject} is named in shared, and shows the rows of ${relation.keepers.join(', ')}, which inherit from it and belong to tenants. Give it the column ${column} and remove it from shared, or name it in hidden.`;
  }
  if (isShared) return null;
  if (kind !== 'table') {
    return `${subject} cannot have policies. Name it in shared if every tenant may read it; else move it to a schema that the application cannot use, or name it in hidden.`;
  }
  if (type === null && relation.alike.length > 0) {
    return `${subject} has no column ${column}. Its tenant column is called ${relation.alike.map((name) => JSON.stringify(name)).join(' or ')} here: pass it as tenantColumn, to readTables and to rowLevelSecurity.`;
  }
  if (type === null && relation.keepers.length > 0) {
    return `${subject} has no column ${column}, and shows the rows of ${relation.keepers.join(', ')}, which inherit from it and belong to tenants. Add the column to it, or name it in hidden if the application must not see it.`;
  }
  if (type === null && isMigrationRecord(relation.name)) {
    return `${subject} has no column ${column}, and looks like the record of a tool's migrations, which the application need not see. Name it in hidden.`;
  }
  if (type === null) {
    return `${subject} has no column ${column}, so nothing says whose its rows are. Add the column, also to a table that only joins others, name it in shared if every tenant may read it, or in hidden if the application must not see it.`;
  }
  if (isTenantColumn(relation)) return null;
  return relation.deterministic
    ? `${subject} has the tenant column ${column} of type ${type}, which could be compared only by a cast on the column (G3). Change it to ${TENANT_COLUMN_TYPES.join(', ')}.`
    : `${subject} has the tenant column ${column} with a collation that takes different texts for equal, and so two tenants for one. Give it a deterministic collation, such as "C".`;
}
