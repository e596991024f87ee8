import { tenantCondition } from '../policies/policy-body.js';
import { type CatalogPolicy, isTenantType } from './policy-fault.js';
import type { ReachableTable } from './table-policies.js';

/** What holds the table to one tenant: SQL where the table has a tenant column, else the step that comes before it. */
export function policyRepair(
  { identifier, type, foreign, policies }: ReachableTable,
  unheld: readonly CatalogPolicy[],
  setting: string,
  tenantColumn: string,
): string {
  const share = 'or, when every tenant may see and change all of its rows, list it in `shared`';
  if (foreign) return `revoke all on ${identifier} from public, and from every role of the application; ${share}`;
  const enable = `alter table ${identifier} enable row level security, force row level security`;
  if (policies.length > 0 && unheld.length === 0) return enable;
  if (type === null) return `add a column ${tenantColumn} with the tenant of each row, and a policy on it; ${share}`;
  if (!isTenantType(type)) {
    return `make the column ${tenantColumn} text or uuid (it is ${type}, for which there is no condition that keeps its index in use), and add a policy on it`;
  }
  const condition = tenantCondition(tenantColumn, type, setting).sql;
  if (policies.length === 0) {
    return `${enable}; create policy tenant_isolation on ${identifier} using (${condition}) with check (${condition})`;
  }
  // A restrictive policy is combined with the others by AND: it holds them, whatever they say, and none has to be dropped.
  const roles = [...new Set(unheld.flatMap((policy) => policy.roles))];
  const target = roles.includes('public') ? 'public' : roles.join(', ');
  return (
    `${enable}; create policy tenant_floor on ${identifier} as restrictive to ${target} ` +
    `using (${condition}) with check (${condition})`
  );
}
