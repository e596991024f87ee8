import { type CatalogPolicy, holdsBy, tenantKey } from './policy-fault.js';

/** A role that can reach a table, and what is run as it may do: `r` select, `a` insert, `w` update, `d` delete. */
export interface Reader {
  readonly role: string;
  readonly commands: readonly string[];
}

/** The permissive policies that let a row of another tenant through to one of the roles, by the role. */
export function unheldByRole(
  policies: readonly CatalogPolicy[],
  readers: readonly Reader[],
  setting: string,
): ReadonlyMap<string, readonly CatalogPolicy[]> {
  const unheld = readers.map(({ role, commands }) => {
    const applied = policies.filter(
      ({ appliesTo, command }) => appliesTo.includes(role) && (command === '*' || commands.includes(command)),
    );
    return [role, unheldPolicies(applied, commands, setting)] as const;
  });
  return new Map(unheld.filter(([, policies]) => policies.length > 0));
}

/**
 * Of the policies that apply to one role, the permissive ones that let a row of another tenant through. PostgreSQL combines
 * permissive policies by OR, so each must hold the tenant, by the same column; or a restrictive one must, which is combined
 * with them by AND. Rows that are there and rows that are written are each held by themselves.
 */
function unheldPolicies(
  policies: readonly CatalogPolicy[],
  commands: readonly string[],
  setting: string,
): readonly CatalogPolicy[] {
  // One column must do for all of them: with two, a row passes by the one or the other.
  const columns = new Set(policies.flatMap((policy) => policy.columns.map(({ name }) => name)));
  const [fewest = []] = [...columns, null]
    .map((column) => unheldBy(column, policies, commands, setting))
    .sort((one, other) => one.length - other.length);
  return fewest;
}

function unheldBy(
  column: string | null,
  policies: readonly CatalogPolicy[],
  commands: readonly string[],
  setting: string,
): CatalogPolicy[] {
  const open = SIDES.filter(({ command }) => commands.includes(command)).flatMap(({ command, side }) => {
    const applied = policies.filter((policy) => policy.command === '*' || policy.command === command);
    const holds = (policy: CatalogPolicy) => column !== null && holdsBy(policy, side, column, setting);
    const isHeld = applied.some((policy) => !policy.permissive && holds(policy));
    return isHeld ? [] : applied.filter((policy) => policy.permissive && !holds(policy));
  });
  return policies.filter((policy) => open.includes(policy));
}

/** The conditions of a policy, on rows that are there and on rows that are written, that each command asks. */
const SIDES = [
  { command: 'r', side: 'using' },
  { command: 'w', side: 'using' },
  { command: 'd', side: 'using' },
  { command: 'a', side: 'check' },
  { command: 'w', side: 'check' },
] as const;

/** True when the restrictive policies apply in each of the commands that this one does. */
function isHeldBack({ command }: CatalogPolicy, restrictive: readonly CatalogPolicy[]): boolean {
  return (command === '*' ? ['r', 'a', 'w', 'd'] : [command]).every((one) =>
    restrictive.some((other) => other.command === '*' || other.command === one),
  );
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
