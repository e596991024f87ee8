import { type CatalogPolicy, tenantKey } from './policy-fault.js';

/**
 * The permissive policies that let a row of another tenant through. PostgreSQL combines permissive policies by OR, so each
 * must hold the tenant, by the same column; or restrictive policies must, which are combined with them by AND.
 */
export function unheldPolicies(policies: readonly CatalogPolicy[], setting: string): readonly CatalogPolicy[] {
  // One column must do for all of them: with two, a row passes by the one or the other.
  const columns = new Set(policies.map((policy) => tenantKey(policy, setting)));
  const [fewest = []] = [...columns]
    .map((column) => unheldBy(column, policies, setting))
    .sort((one, other) => one.length - other.length);
  return fewest;
}

function unheldBy(column: string | null, policies: readonly CatalogPolicy[], setting: string): CatalogPolicy[] {
  const holds = (policy: CatalogPolicy) => column !== null && tenantKey(policy, setting) === column;
  const restrictive = policies.filter((policy) => !policy.permissive && holds(policy));
  return policies.filter((policy) => policy.permissive && !holds(policy) && !isHeldBack(policy, restrictive));
}

/**
 * Whether the restrictive policies apply wherever this one does: in each of its commands, and to each role that it names.
 * A role that it names and they do not would escape them; and before CVE-2026-116311 was fixed, a role could take itself
 * off a restrictive policy that names it, which helps nobody when it takes itself off this one as well.
 */
function isHeldBack({ command, roles }: CatalogPolicy, restrictive: readonly CatalogPolicy[]): boolean {
  const commands = command === '*' ? ['r', 'a', 'w', 'd'] : [command];
  return commands.every((one) =>
    restrictive.some(
      (other) =>
        (other.command === '*' || other.command === one) &&
        (other.roles.includes('public') || roles.every((role) => other.roles.includes(role))),
    ),
  );
}
