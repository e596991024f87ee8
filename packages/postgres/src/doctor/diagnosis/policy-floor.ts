import { tenantCondition } from '../../policies/policy-body.js';
import { isTenantType } from './policy-fault.js';
import type { ReachableTable } from './reachable-table.js';
import { ADVISED_FIXES } from './row-security-fixes.js';

/** True when the server lacks the fix of CVE-2026-116311: a role can take itself off the restrictive policies that name it. */
export function losesRestrictivePolicies(version: number): boolean {
  const fix = ADVISED_FIXES.find(({ cve }) => cve === 'CVE-2026-116311');
  return version % 10_000 < (fix?.fixedIn[Math.trunc(version / 10_000)] ?? 0);
}

/** The SQL that holds a permissive policy for everybody where the restrictive one for the application may be lost. */
export function floorForEverybody(
  table: ReachableTable,
  policy: string,
  column: { readonly name: string; readonly type: string } | undefined,
  setting: string,
): string {
  // A restrictive policy for everybody would hold the administrator too, who has policies of its own.
  if (table.others || table.admin !== null || column === undefined || !isTenantType(column.type)) {
    return `alter policy ${policy} on ${table.identifier} to ${table.application_identifier}`;
  }
  const condition = tenantCondition(column.name, column.type, setting).sql;
  return (
    `create policy ${table.floor} on ${table.identifier} as restrictive to public ` +
    `using (${condition}) with check (${condition})`
  );
}
