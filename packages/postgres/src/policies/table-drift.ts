import { COMPILE_AGAIN, drift, type PolicyDrift } from './drift.js';
import { SET_ASIDE } from './other-roles.js';
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
    ...(isHeld(table, expected, policies)
      ? []
      : policies
          .filter(({ policy, permissive }) => permissive && !/^tenancy_/.test(policy))
          .map((policy) => unknownPolicy(table, policy))),
    ...rightsDrift(live, 'write'),
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
  // What was compiled for another role since has taken the name.
  const isAside = ({ policy, roles }: LivePolicy) =>
    SET_ASIDE.test(policy) && policy.startsWith(expected.name) && roles.join() === expected.role;
  const named = policies.find(({ policy }) => policy === expected.name);
  const live = named?.roles.includes(expected.role) ? named : (policies.find(isAside) ?? named);
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

/** True when the restrictive policy holds every permissive one, which then opens nothing. */
function isHeld(table: ResolvedTable, expected: readonly TablePolicy[], policies: readonly LivePolicy[]): boolean {
  return expected.every((policy) => policy.permissive || policyDriftOf(table, policy, policies).length === 0);
}

function unknownPolicy(table: ResolvedTable, { policy }: LivePolicy): PolicyDrift {
  const message =
    `${describeRelation(table)} has the policy ${quoteIdentifier(policy)}, which was not compiled, and nothing holds it. ` +
    `${COMPILE_AGAIN} If the policy is not yours: DROP POLICY ${quoteIdentifier(policy)} ON ${quoteQualified(table)}`;
  return drift('policy_unknown', table, message);
}

/** The rights that the roles lack, or hold beyond those that were compiled. */
export function rightsDrift(live: LiveRelation, wanted: 'read' | 'write'): PolicyDrift[] {
  const rights = wanted === 'write' ? ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] : ['SELECT'];
  const subject = describeRelation(live);
  return live.rights.flatMap(({ role, held, held_partly }) => [
    ...(rights.every((right) => held.includes(right))
      ? []
      : [
          drift(
            'right_missing',
            live,
            `the role ${quoteIdentifier(role)} lacks ${rights.filter((right) => !held.includes(right)).join(', ')} on ${subject}. ${COMPILE_AGAIN}`,
          ),
        ]),
    ...(wanted === 'read' && held_partly.length > 0
      ? [
          drift(
            'write_granted',
            live,
            `the role ${quoteIdentifier(role)} holds ${held_partly.join(', ')} on ${subject}, which every tenant reads and none should ` +
              `change. ${COMPILE_AGAIN} Or name it with writable: true. If the role has the right through another role, end that first.`,
          ),
        ]
      : []),
  ]);
}
