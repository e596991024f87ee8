import {
  hiddenTableStatement,
  roleStatements,
  schemaStatements,
  sequenceStatement,
  sharedTableStatements,
  temporaryStatement,
  viewStatements,
} from './access-statements.js';
import { LOCK, otherGrantsStatement } from './other-grants.js';
import { quoteQualified } from './quoting.js';
import type { ResolvedPolicyOptions, ResolvedTable } from './resolve-policy-options.js';
import { serverFunctionStatements } from './server-functions.js';
import { tablePolicies } from './table-policies.js';
import { createPolicy, policyComments, rightsStatements } from './tenant-table-statements.js';

/** Statements of `compilePolicies` for one table, in an order for a table that is read meanwhile. */
export interface StagedTable {
  /** The policies, each of which lets everything through; nothing asks them yet. With the rights, so that the roles can be used. */
  readonly open: readonly string[];
  /** Row-level security on, with the rights. Every row is seen as before (O30). */
  readonly enable: readonly string[];
  /** The condition, by which each tenant sees its own rows from one statement to the next. */
  readonly enforce: readonly string[];
}

export function stagedTable(table: ResolvedTable, options: ResolvedPolicyOptions): StagedTable {
  const target = quoteQualified(table);
  const policies = tablePolicies(table, options);
  const { revoke, grant } = rightsStatements(table, options);
  return {
    open: [...policies.map((policy) => createPolicy(target, { ...policy, condition: 'true' })), grant],
    enable: [
      `ALTER TABLE ${target} ENABLE ROW LEVEL SECURITY`,
      `ALTER TABLE ${target} FORCE ROW LEVEL SECURITY`,
      revoke,
      grant,
    ],
    enforce: [
      ...policies
        .filter(({ condition }) => condition !== 'true')
        .map(
          ({ name, condition }) => `ALTER POLICY ${name} ON ${target} USING (${condition}) WITH CHECK (${condition})`,
        ),
      ...policyComments(table, options),
    ],
  };
}

/** The roles, which policies name, with their rights on anything but tables of tenants. Nothing is taken from anybody. */
export function stagedRoles(options: ResolvedPolicyOptions): readonly string[] {
  const rights = [
    ...schemaStatements(options),
    ...options.shared.flatMap((table) => sharedTableStatements(table, options)),
    ...options.views.flatMap((view) => viewStatements(view, options)),
  ];
  return [...roleStatements(options), ...rights.filter((sql) => sql.startsWith('GRANT ')), sequenceStatement(options)];
}

/** All that `compilePolicies` says of anything but tables of tenants. */
export function stagedAccess(options: ResolvedPolicyOptions): readonly string[] {
  return [
    LOCK,
    otherGrantsStatement(options),
    temporaryStatement(options),
    ...schemaStatements(options),
    ...options.shared.flatMap((table) => sharedTableStatements(table, options)),
    ...options.views.flatMap((view) => viewStatements(view, options)),
    sequenceStatement(options),
    ...options.hidden.map((table) => hiddenTableStatement(table, options)),
    ...serverFunctionStatements(options),
  ];
}
