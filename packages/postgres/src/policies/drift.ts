import type { Relation } from './resolve-policy-options.js';

/**
 * - `role_missing`: there is no such role; `schema` is empty and `name` is the role.
 * - `table_missing`: there is no such table, or not a table but something else.
 * - `view_missing`: there is no such view, or not a view but something else.
 * - `tenant_column_differs`: the tenant column is absent or has another type.
 * - `row_security_off`: no policy is asked.
 * - `row_security_not_forced`: the owner of the table passes every policy (G1).
 * - `policy_missing`, `policy_changed`: one of the compiled policies is absent, or says something else.
 * - `policy_unknown`: a permissive policy of somebody else, which nothing holds.
 * - `right_missing`: a role lacks a right that was compiled.
 * - `write_granted`: a role may write a shared table that is not `writable`.
 * - `temporary_granted`: a role may create temporary tables; `schema` is empty and `name` is the role.
 * - `truncate_granted`: the application, or the administrator's role, may empty the table for every tenant (G7).
 * - `view_runs_as_owner`: the view passes the policies of what it reads (G7).
 * - `hidden_reachable`: the application, or the administrator's role, can reach what is hidden from it.
 * - `unclassified`: the application can reach a table or view that the options do not name (G7).
 */
export type PolicyDriftKind =
  | 'role_missing'
  | 'table_missing'
  | 'view_missing'
  | 'tenant_column_differs'
  | 'row_security_off'
  | 'row_security_not_forced'
  | 'policy_missing'
  | 'policy_changed'
  | 'policy_unknown'
  | 'right_missing'
  | 'write_granted'
  | 'temporary_granted'
  | 'truncate_granted'
  | 'view_runs_as_owner'
  | 'hidden_reachable'
  | 'unclassified';

/** One difference between a live database and what `compilePolicies` would make of it. */
export interface PolicyDrift {
  readonly kind: PolicyDriftKind;
  readonly schema: string;
  readonly name: string;
  /** The difference, why it matters, and the fix. */
  readonly message: string;
}

export function drift(kind: PolicyDriftKind, { schema, name }: Relation, message: string): PolicyDrift {
  return { kind, schema, name, message };
}

/** The fix of whatever the compiled SQL puts right by itself. */
export const COMPILE_AGAIN = 'Run the SQL of compilePolicies again.';
