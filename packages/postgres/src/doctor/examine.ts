import { refuseUnknown } from '../errors/refuse-unknown.js';
import type { DoctorOptions, Finding, Queryable, Rule } from './rule.js';
import { adviceRules, startRules } from './rules.js';

/**
 * Asks the catalogs where a database does not hold its tenants apart. It reads `pg_catalog` alone, so any role can run it,
 * and it must be the role that the application runs as, on a connection that is bound to no tenant.
 *
 * @param rules - Defaults to all: {@link startRules}, then {@link adviceRules}.
 * @throws `floor_misconfigured` for an option that is unknown.
 * @returns the findings in the order of the rules, then by subject; none when nothing is wrong.
 */
export async function examine(
  connection: Queryable,
  options: DoctorOptions,
  rules: readonly Rule[] = [...startRules, ...adviceRules],
): Promise<readonly Finding[]> {
  refuseUnknown('examine', options, Object.keys(OPTIONS));
  const findings: Finding[] = [];
  // One at a time: the connection may be a single client, and a rule that fails is not a rule that found nothing.
  for (const rule of rules) findings.push(...sorted(await rule.examine(connection, options)));
  return findings;
}

/** The compiler tells of one that is missing. */
const OPTIONS: { readonly [option in keyof DoctorOptions]-?: true } = {
  setting: true,
  schemas: true,
  shared: true,
  writable: true,
  hidden: true,
  tenantColumn: true,
};

/** By code unit, which is the same on every machine and whatever the database sorts by. */
function sorted(findings: readonly Finding[]): Finding[] {
  const key = ({ subject, message }: Finding) => `${subject}\0${message}`;
  return [...findings].sort((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
}
