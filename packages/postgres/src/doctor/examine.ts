import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireList, requireName, requireOptions, requireQueryable } from '../errors/require-arguments.js';
import type { DoctorOptions, Finding, Queryable, Rule } from './diagnosis/rule.js';
import { adviceRules, startRules } from './rules.js';

/**
 * Asks the catalogs where a database does not hold its tenants apart. It reads `pg_catalog` alone, so any role can run it,
 * and it must be the role that the application runs as, on a connection that is bound to no tenant.
 *
 * @param rules - Defaults to all: {@link startRules}, then {@link adviceRules}.
 * @throws `floor_misconfigured` for an argument or option that is wrong or unknown.
 * @returns the findings in the order of the rules, then by subject; none when nothing is wrong.
 */
export async function examine(
  connection: Queryable,
  options: DoctorOptions,
  rules: readonly Rule[] = [...startRules, ...adviceRules],
): Promise<readonly Finding[]> {
  requireQueryable('examine', connection);
  requireOptions('examine', options, 'setting');
  refuseUnknown('examine', options, Object.keys(OPTIONS));
  requireRight(options, rules);
  const findings: Finding[] = [];
  // One at a time: the connection may be a single client, and a rule that fails is not a rule that found nothing.
  for (const rule of rules) findings.push(...sorted(await rule.examine(connection, options)));
  return findings;
}

function requireRight(options: DoctorOptions, rules: readonly Rule[]): void {
  const { setting, schemas, shared, writable = [], hidden = [], tenantColumn } = options;
  requireName('examine', 'setting', setting);
  // A list that is left out would say that nothing is at fault.
  for (const [option, list] of Object.entries({ schemas, shared, writable, hidden }))
    requireList('examine', option, list);
  // Empty where no column holds a tenant's id.
  if (tenantColumn !== '') requireName('examine', 'tenantColumn', tenantColumn);
  const isRule = (rule: Partial<Rule> | null | undefined) => typeof rule?.examine === 'function';
  if (Array.isArray(rules) && rules.every(isRule)) return;
  throw misconfigured(
    'examine: its third argument is not a list of rules, so nothing would be examined. Pass `startRules`, `adviceRules`, some of them, or nothing.',
  );
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
