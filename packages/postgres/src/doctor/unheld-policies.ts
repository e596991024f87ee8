import { type CatalogPolicy, tenantKey } from './policy-fault.js';

/** The permissive policies that let a row of another tenant through to one of the roles, by the role. */
export function unheldByRole(
  policies: readonly CatalogPolicy[],
  setting: string,
): ReadonlyMap<string, readonly CatalogPolicy[]> {
  const roles = new Set(policies.flatMap(({ appliesTo }) => appliesTo));
  const unheld = [...roles].map((role) => {
    const applied = policies.filter(({ appliesTo }) => appliesTo.includes(role));
    return [role, unheldPolicies(applied, setting)] as const;
  });
  return new Map(unheld.filter(([, policies]) => policies.length > 0));
}

/**
 * Of the policies that apply to one role, the permissive ones that let a row of another tenant through. PostgreSQL combines permissive policies by OR, so each
 * must hold the tenant, by the same column; or restrictive policies must, which are combined with them by AND.
 */
function unheldPolicies(policies: readonly CatalogPolicy[], setting: string): readonly CatalogPolicy[] {
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

/** Whether the restrictive policies apply in each command that this one does. */
function isHeldBack({ command }: CatalogPolicy, restrictive: readonly CatalogPolicy[]): boolean {
  const commands = command === '*' ? ['r', 'a', 'w', 'd'] : [command];
  return commands.every((one) => restrictive.some((other) => other.command === '*' || other.command === one));
}

/**
 * The permissive policies that stay with a role which takes itself off the restrictive policies that hold it, as it could
 * before CVE-2026-116311 was fixed. Those that name the same roles are lost with them, and nothing is seen.
 */
export function survivingPolicies(policies: readonly CatalogPolicy[], setting: string): readonly CatalogPolicy[] {
  const holding = policies.filter((policy) => tenantKey(policy, setting) !== null);
  const restrictive = holding.filter(({ permissive }) => !permissive);
  return policies.filter(
    (policy) =>
      policy.permissive &&
      !holding.includes(policy) &&
      !isHeldBack(
        policy,
        restrictive.filter(
          ({ roles }) => roles.includes('public') || policy.roles.every((role) => roles.includes(role)),
        ),
      ),
  );
}
