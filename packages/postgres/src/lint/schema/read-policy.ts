import type { SyntaxTree } from '../../parser/parse-sql.js';
import { namedAt, node, nodes, text } from '../sql/nodes.js';
import { columnsIn } from './read-constraint.js';
import type { Policy, Table } from './table.js';

/** The policy that a CREATE POLICY makes, or that one is after an ALTER POLICY. */
export function readPolicy(tree: SyntaxTree, table: Table): Policy {
  const before = table.policies.get(policyName(tree));
  const conditions = [node(tree, 'qual'), node(tree, 'with_check')];
  const isSaid = conditions.some((condition) => namedAt({ condition }, 'condition').kind !== '');
  return {
    roles: rolesOf(tree) ?? before?.roles ?? [],
    columns: isSaid ? columnsIn(conditions) : (before?.columns ?? []),
  };
}

/** The name of the policy that a statement is about. */
export function policyName(tree: SyntaxTree): string {
  return text(tree, 'policy_name') ?? '';
}

/** The roles of a policy, none for everybody; undefined where the statement names nobody. */
function rolesOf(tree: SyntaxTree): readonly string[] | undefined {
  const roles = nodes(tree, 'roles').map(({ tree: role }) => role);
  if (roles.length === 0) return undefined;
  const isEverybody = roles.some((role) => text(role, 'roletype') === 'ROLESPEC_PUBLIC');
  return isEverybody ? [] : roles.map((role) => text(role, 'rolename') ?? '');
}
