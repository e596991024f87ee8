import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { policyFault } from '../diagnosis/policy-fault.js';
import { policyRepair } from '../diagnosis/policy-repair.js';
import { REACHABLE_TABLES, type ReachableTable } from '../diagnosis/reachable-table.js';
import { unexamined } from '../diagnosis/relations.js';
import { unheldByRole } from '../diagnosis/unheld-policies.js';

/** G1, G3, G7: every table that the application can reach is held to one tenant by its policies, or is listed as shared. */
export const tablePolicies = catalogRule<ReachableTable>({
  name: 'table-policies',
  severity: 'error',
  sql: REACHABLE_TABLES,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose(table, options): Diagnosis[] {
    const unheld = unheldByRole(table.foreign ? [] : table.policies, table.readers, options.setting);
    const faults = table.foreign
      ? ['a foreign table cannot have policies']
      : [
          ...(table.enabled ? [] : ['row-level security is not enabled']),
          ...(table.forced ? [] : ['row-level security is not forced, so it does not apply to the owner']),
          ...(table.enabled || table.policies.length > 0 ? [] : ['it has no policy']),
          ...[...new Set([...unheld.values()].flat())].map(
            (policy) => `the policy ${policy.name} ${policyFault(policy, options.setting)}`,
          ),
        ];
    if (faults.length === 0) return [];
    return [
      {
        subject: table.subject,
        message: `the table can be reached by the application and does not hold tenants apart: ${faults.join('; ')}.`,
        fix: policyRepair(table, unheld, options),
      },
    ];
  },
});
