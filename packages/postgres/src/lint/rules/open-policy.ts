import { computes, opens } from '../limits/column-use.js';
import { type Limit, limitOf, namesTenant } from '../limits/limit-of.js';
import type { Scope } from '../limits/scope.js';
import { truthOf } from '../limits/truth-of.js';
import { statements } from '../rule/fix.js';
import { isDropOfTable, laterSteps } from '../rule/later-steps.js';
import type { LintRule, Place } from '../rule/rule.js';
import { classOf, severityOfOpening } from '../rule/tables.js';
import { policyName, readPolicy } from '../schema/read-policy.js';
import type { Policy, Table } from '../schema/table.js';
import { quoted, sqlName } from '../sql/names.js';
import type { NamedNode } from '../sql/nodes.js';

/** A policy whose condition does not ask for the tenant. */
export const openPolicy: LintRule = {
  name: 'open-policy',
  group: 'tenants',
  severity: 'error',
  finds:
    'a policy on a tenant table that does not keep each tenant to its own rows (`true`, `tenant_id <> …`, `tenant_id = tenant_id`, `status = 1`) for everybody, or for a role that another policy limits to its tenant; as a warning one of which that is not understood',
  why: 'Permissive policies are joined by OR: beside one that lets through rows of others no other limits anything.',
  safe: "`tenant_id = NULLIF(current_setting('app.tenant_id', true), '')`, and a role of its own for those who see all",
  steps: {
    *CreatePolicyStmt(place) {
      yield* opened(place);
    },
    *AlterPolicyStmt(place) {
      yield* opened(place);
    },
  },
};

function* opened(place: Place) {
  const { tree, table, options, isLive } = place;
  const severity = severityOfOpening(table, options);
  if (!severity) return;
  const policy = readPolicy(tree, table);
  const scope = scopeOf(place, table);
  const before = table.policies.get(policyName(tree));
  // A restrictive one takes nothing away from the others; changed, it may give back what it took.
  if (!policy.isPermissive && !(before && narrows(before, scope) && !narrows(policy, scope))) return;
  if ([...laterSteps(place)].some(isDropOfTable) || isNarrowed(place, scope)) return;
  // O30: the first step of a table that was open before.
  const isFirstStep = options.policies === 'in-files' && table.isKnown && isLive(table) && !table.isRowSecurityEnabled;
  const { roles } = policy;
  const isOfRole = roles.length > 0 && !roles.some((role) => isLimited(role, place));
  const conditions = [policy.read, policy.written].map((condition) => {
    const isAsked = condition.kind !== '' && !(isFirstStep && truthOf(condition) === true);
    if (!isAsked || opens(condition, options.tenantColumn) || computes(condition, options.tenantColumn))
      return 'tenant';
    const limit = limitOf(condition, { ...scope, isOfRole });
    const isNamed = namesTenant(condition, scope);
    // Who sees all has a role of its own; of a table that no file makes it is not known what else there is to ask for.
    if (isOfRole && !(isNamed && limit === 'none')) return 'tenant';
    return classOf(table, options) === 'tenant' || isNamed || truthOf(condition) === true ? limit : 'tenant';
  });
  if (conditions.every((limit) => limit === 'tenant')) return;
  const isOpen = conditions.includes('none');
  yield {
    severity: isOpen && !isOfRole ? severity : ('warning' as const),
    ...reported(place, policy, conditions, isOpen),
  };
}

function reported(
  { tree, table, options }: Place,
  { read, written }: Policy,
  limits: readonly Limit[],
  isOpen: boolean,
) {
  const [on, policy] = [sqlName(table.name), quoted(policyName(tree))];
  const condition = `${quoted(options.tenantColumn)} = NULLIF(current_setting('app.tenant_id', true), '')`;
  const [reads, writes] = limits.map((limit) => limit !== 'tenant');
  const does = [reads && 'reads', writes && 'writes'].filter(Boolean).join(' and ');
  const isTrue = [read, written].some((one) => truthOf(one) === true);
  return {
    message: isTrue
      ? `the policy is true for every row of ${on}, whatever other policies say: a tenant ${does} the rows of every other one.`
      : isOpen
        ? `the policy does not ask for the tenant: whatever other policies say, a tenant ${does} those rows of ${on} that it lets through, also of every other one.`
        : `it is not understood that the policy keeps each tenant to its own rows of ${on}: where it does not, whoever meets it ${does} those of others, whatever other policies say.`,
    fix: `-- a condition that asks for the tenant; who sees every row gets a role and a policy of its own, by TO:\n${statements(`ALTER POLICY ${policy} ON ${on}${reads ? ` USING (${condition})` : ''}${writes ? ` WITH CHECK (${condition})` : ''}`)}`,
  };
}

function scopeOf({ schema, options }: Pick<Place, 'schema' | 'options'>, { name }: Table): Scope {
  return { table: name, schema, options, inner: [] };
}

/** True for a policy that keeps who it is for to the rows of a tenant. */
function narrows({ read, written }: Policy, scope: Scope): boolean {
  return [read, written].some(({ kind }) => kind !== '') && [read, written].every((one) => isNarrow(one, scope));
}

function isNarrow(condition: NamedNode, scope: Scope): boolean {
  return condition.kind === '' || limitOf(condition, scope) === 'tenant';
}

/** True where a restrictive policy, of the table or of the rest of its file, keeps everybody to the rows of a tenant. */
function isNarrowed(place: Place, scope: Scope): boolean {
  const { table, tree } = place;
  const later = [...laterSteps(place)].filter(({ kind }) => kind === 'CreatePolicyStmt');
  const others = [...table.policies].flatMap(([name, policy]) => (name === policyName(tree) ? [] : [policy]));
  return [...others, ...later.map((step) => readPolicy(step.tree, table))].some(
    (policy) => !policy.isPermissive && policy.command === 'all' && policy.roles.length === 0 && narrows(policy, scope),
  );
}

/** True for a role that some policy keeps to a tenant. */
function isLimited(role: string, place: Place): boolean {
  return [...place.schema.tables.values()].some((table) =>
    [...table.policies.values()].some((policy) => {
      const scope = scopeOf(place, table);
      const isNamed = [policy.read, policy.written].some((one) => namesTenant(one, scope));
      return policy.roles.includes(role) && isNamed && narrows(policy, scope);
    }),
  );
}
