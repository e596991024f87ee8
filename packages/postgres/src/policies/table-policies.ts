import { isTenantCondition, tenantCondition } from './policy-body.js';
import type { ResolvedPolicyOptions, ResolvedTable } from './resolve-policy-options.js';

/** A policy as it should stand on a tenant table, for every command, with one condition for reading and writing. */
export interface TablePolicy {
  readonly name: string;
  readonly permissive: boolean;
  readonly role: string;
  readonly condition: string;
  /** True when this is the condition, as `pg_get_expr` prints it. */
  isCondition(expression: string | null): boolean;
}

/** The names of every policy that this package has ever put on a table. */
export const POLICY_NAMES = ['tenancy_access', 'tenancy_admin', 'tenancy_isolation'] as const;

/**
 * The policies of one tenant table.
 *
 * The tenant's condition is restrictive. PostgreSQL joins permissive policies by OR, so beside a permissive condition one
 * further policy that somebody adds later would open the table; a restrictive one is joined by AND. It grants nothing by
 * itself, so a permissive `true` goes with it, which costs nothing: the planner removes it.
 */
export function tablePolicies(
  { tenantColumn, type }: ResolvedTable,
  { role, adminRole, setting }: ResolvedPolicyOptions,
): TablePolicy[] {
  const everyRow = { permissive: true, condition: 'true', isCondition: (text: string | null) => text === 'true' };
  const policies: TablePolicy[] = [
    {
      name: 'tenancy_isolation',
      permissive: false,
      role,
      condition: tenantCondition(tenantColumn, type, setting).sql,
      isCondition: (text) => isTenantCondition(text, tenantColumn, type, setting),
    },
    { name: 'tenancy_access', role, ...everyRow },
  ];
  if (adminRole !== null) policies.push({ name: 'tenancy_admin', role: adminRole, ...everyRow });
  return policies;
}
