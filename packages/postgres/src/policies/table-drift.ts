import { COMPILE_AGAIN, drift, type PolicyDrift } from './drift.js';
import type { LivePolicy, LiveRelation } from './policy-catalog.js';
import { quoteIdentifier, quoteQualified } from './quoting.js';
import {
  describeRelation,
  type Relation,
  type ResolvedPolicyOptions,
  type ResolvedTable,
} from './resolve-policy-options.js';
import { type TablePolicy, tablePolicies } from './table-policies.js';

/** How one tenant table differs from what would be compiled for it. */
export function tableDrift(
  table: ResolvedTable,
  live: LiveRelation | undefined,
  policies: readonly LivePolicy[],
  options: ResolvedPolicyOptions,
): PolicyDrift[] {
  if (live?.kind !== 'r' && live?.kind !== 'p') return [tableMissing(table)];
  const expected = tablePolicies(table, options);
  return [
    ...columnDrift(table, live),
    ...rowSecurityDrift(live),
    ...expected.flatMap((policy) => policyDriftOf(table, policy, policies)),
    ...policies
      .filter(({ policy }) => !expected.some(({ name }) => name === policy))
      .map((policy) => unknownPolicy(table, policy)),
    ...truncateDrift(live),
  ];
}

export function tableMissing(table: Relation): PolicyDrift {
  const message = `there is no table ${describeRelation(table)}. Create it, or remove it from the options.`;
  return drift('table_missing', table, message);
}

export function truncateDrift(live: LiveRelation): PolicyDrift[] {
  return live.truncators.map((role) =>
    drift(
      'truncate_granted',
      live,
      `the role ${quoteIdentifier(role)} may TRUNCATE ${describeRelation(live)}, which ignores policies and takes every ` +
        `tenant's rows (G7). ${COMPILE_AGAIN} If the role is a superuser or has the right through another role, end that first.`,
    ),
  );
}

function columnDrift(table: ResolvedTable, { columnType }: LiveRelation): PolicyDrift[] {
  if (columnType === table.type) return [];
  const message =
    columnType === null
      ? `${describeRelation(table)} has no column ${quoteIdentifier(table.tenantColumn)}. Correct tenantColumn, or add the column.`
      : `the tenant column of ${describeRelation(table)} has the type ${columnType}, and the options say ${table.type}. ` +
        'Correct type and run the SQL of compilePolicies again.';
  return [drift('tenant_column_differs', table, message)];
}

function rowSecurityDrift(live: LiveRelation): PolicyDrift[] {
  const subject = describeRelation(live);
  if (!live.rowSecurity) {
    const message = `row-level security is off on ${subject}, so every tenant reads every row. ${COMPILE_AGAIN}`;
    return [drift('row_security_off', live, message)];
  }
  if (!live.forced) {
    const message = `row-level security is not forced on ${subject}, so its owner passes every policy (G1). ${COMPILE_AGAIN}`;
    return [drift('row_security_not_forced', live, message)];
  }
  return [];
}

function policyDriftOf(table: ResolvedTable, expected: TablePolicy, policies: readonly LivePolicy[]): PolicyDrift[] {
  const subject = `the policy ${expected.name} on ${describeRelation(table)}`;
  const live = policies.find(({ policy }) => policy === expected.name);
  if (!live) return [drift('policy_missing', table, `${subject} is missing. ${COMPILE_AGAIN}`)];
  const differences = [
    live.permissive === expected.permissive ? null : `is ${live.permissive ? 'permissive' : 'restrictive'}`,
    live.command === '*' ? null : 'is not for all commands',
    live.roles.length === 1 && live.roles[0] === expected.role ? null : `is for ${live.roles.join(', ')}`,
    expected.isCondition(live.using) ? null : 'has another condition for reading (USING)',
    expected.isCondition(live.check) ? null : 'has another condition for writing (WITH CHECK)',
    live.foreign ? 'calls something that does not come with PostgreSQL' : null,
  ].filter((difference) => difference !== null);
  if (differences.length === 0) return [];
  return [drift('policy_changed', table, `${subject} was changed: it ${differences.join(', and ')}. ${COMPILE_AGAIN}`)];
}

function unknownPolicy(table: ResolvedTable, { policy, permissive }: LivePolicy): PolicyDrift {
  const effect = permissive ? 'It opens rows to roles that tenancy_isolation does not hold.' : 'It hides rows.';
  const message =
    `${describeRelation(table)} has the policy ${quoteIdentifier(policy)}, which was not compiled. ${effect} ` +
    `Remove it: DROP POLICY ${quoteIdentifier(policy)} ON ${quoteQualified(table)}`;
  return drift('policy_unknown', table, message);
}
