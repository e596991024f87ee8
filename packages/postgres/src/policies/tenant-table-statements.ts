import { createHash } from 'node:crypto';
import { quoteIdentifier, quoteLiteral, quoteQualified } from './quoting.js';
import type { ResolvedPolicyOptions, ResolvedTable } from './resolve-policy-options.js';
import { POLICY_NAMES, type TablePolicy, tablePolicies } from './table-policies.js';

export interface TenantTableStatements {
  readonly statements: readonly string[];
  /** A hash of the policies, as 16 hexadecimal digits; also their comment in the database. */
  readonly hash: string;
}

/**
 * The SQL that protects one table. The grants go first and come back last, so that nobody reads the table while its policies are
 * exchanged, even where each statement commits by itself.
 */
export function tenantTableStatements(table: ResolvedTable, options: ResolvedPolicyOptions): TenantTableStatements {
  const target = quoteQualified(table);
  const { revoke, grant } = rightsStatements(table, options);
  return {
    hash: policyHash(table, options),
    statements: [
      revoke,
      `ALTER TABLE ${target} ENABLE ROW LEVEL SECURITY`,
      `ALTER TABLE ${target} FORCE ROW LEVEL SECURITY`,
      // What opens goes before what closes.
      ...POLICY_NAMES.map((name) => `DROP POLICY IF EXISTS ${name} ON ${target}`),
      ...tablePolicies(table, options).map((policy) => createPolicy(target, policy)),
      ...policyComments(table, options),
      grant,
    ],
  };
}

export function rightsStatements(table: ResolvedTable, options: ResolvedPolicyOptions) {
  const target = quoteQualified(table);
  const roles = quotedRoles(options).join(', ');
  return {
    // Also takes TRUNCATE, which ignores policies, and REFERENCES, TRIGGER and MAINTAIN.
    revoke: `REVOKE ALL ON TABLE ${target} FROM PUBLIC, ${roles} CASCADE`,
    grant: `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE ${target} TO ${roles}`,
  };
}

export function policyComments(table: ResolvedTable, options: ResolvedPolicyOptions): string[] {
  const hash = policyHash(table, options);
  return tablePolicies(table, options).map(
    ({ name }) => `COMMENT ON POLICY ${name} ON ${quoteQualified(table)} IS ${quoteLiteral(`tenancy:${hash}`)}`,
  );
}

function policyHash(table: ResolvedTable, options: ResolvedPolicyOptions): string {
  const creations = tablePolicies(table, options).map((policy) => createPolicy(quoteQualified(table), policy));
  return shortHash(creations.join('\n'));
}

export function quotedRoles({ role, adminRole }: ResolvedPolicyOptions): string[] {
  return [role, ...(adminRole === null ? [] : [adminRole])].map(quoteIdentifier);
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function createPolicy(target: string, { name, permissive, role, condition }: TablePolicy): string {
  return (
    `CREATE POLICY ${name} ON ${target} AS ${permissive ? 'PERMISSIVE' : 'RESTRICTIVE'} FOR ALL ` +
    `TO ${quoteIdentifier(role)}\n  USING (${condition})\n  WITH CHECK (${condition})`
  );
}
