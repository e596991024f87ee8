import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { tenantKey } from '../diagnosis/policy-fault.js';
import { floorForEverybody, losesRestrictivePolicies } from '../diagnosis/policy-floor.js';
import { REACHABLE_TABLES, type ReachableTable } from '../diagnosis/reachable-table.js';
import { unexamined } from '../diagnosis/relations.js';
import { survivingPolicies, unheldByRole } from '../diagnosis/unheld-policies.js';

/**
 * G1: a policy for everybody is held by a restrictive one for the application, and goes on without it where the server lets the
 * application take itself off that one.
 */
export const publicPolicies = catalogRule<ReachableTable>({
  name: 'public-policies',
  severity: 'advice',
  sql: REACHABLE_TABLES,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose(table, { setting }): Diagnosis[] {
    if (!losesRestrictivePolicies(table.version) || !table.enabled) return [];
    if (unheldByRole(table.policies, table.readers, setting).size > 0) return [];
    const held = table.policies.find((policy) => !policy.permissive && tenantKey(policy, setting) !== null);
    return survivingPolicies(table.policies, setting).map(({ name, identifier, roles }) => ({
      subject: table.subject,
      message:
        `the policy ${name} is for ${roles.join(', ')}, and what holds it is for the application alone. This server lacks the ` +
        `fix of CVE-2026-116311, so DROP OWNED of an injected query takes that one away and leaves this one.`,
      fix: floorForEverybody(table, identifier, held?.columns[0], setting),
    }));
  },
});
