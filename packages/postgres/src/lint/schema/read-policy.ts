import type { SyntaxTree } from '../../parser/parse-sql.js';
import { namedAt, nodes, text } from '../sql/nodes.js';
import type { Policy, Table } from './table.js';

/** The policy that a CREATE POLICY makes, or that one is after an ALTER POLICY. */
export function readPolicy(tree: SyntaxTree, table: Table): Policy {
  const command = text(tree, 'cmd_name');
  const before = command === undefined ? table.policies.get(policyName(tree)) : undefined;
  const [read, written] = [namedAt(tree, 'qual'), namedAt(tree, 'with_check')];
  return {
    roles: rolesOf(tree) ?? before?.roles ?? [],
    isPermissive: before?.isPermissive ?? (command === undefined || tree['permissive'] === true),
    command: command ?? before?.command ?? 'all',
    read: read.kind === '' && before ? before.read : read,
    written: written.kind === '' && before ? before.written : written,
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
