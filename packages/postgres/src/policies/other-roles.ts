import { doBlock, quoteLiteral, quoteQualified } from './quoting.js';
import type { Relation, ResolvedPolicyOptions } from './resolve-policy-options.js';

/** A policy that was compiled for another role than the last one, under the name that it then got. */
export const SET_ASIDE = /^tenancy_(isolation|access)_[0-9a-f]{12}$/;

/**
 * A web server and a worker may each have a role. What was compiled for another one steps aside, under a name of its own, and goes on
 * holding it.
 */
export function setAsideStatement(tables: readonly Relation[], options: ResolvedPolicyOptions): string {
  return overPolicies(
    tables,
    `p.polname IN ('tenancy_access', 'tenancy_isolation')
      AND EXISTS (SELECT FROM unnest(p.polroles) r (oid) WHERE r.oid <> 0 AND ${isOther('r.oid', options)})`,
    "EXECUTE format('ALTER POLICY %I ON %s RENAME TO %I', compiled.name, compiled.target, compiled.aside);",
  );
}

/** Drops what had stepped aside and was compiled for these roles, who have their new policies by now. */
export function dropAsideStatement(tables: readonly Relation[], options: ResolvedPolicyOptions): string {
  return overPolicies(
    tables,
    `p.polname ~ ${quoteLiteral(SET_ASIDE.source)}
      AND NOT EXISTS (SELECT FROM unnest(p.polroles) r (oid) WHERE ${isOther('r.oid', options)})`,
    "EXECUTE format('DROP POLICY %I ON %s', compiled.name, compiled.target);",
  );
}

function isOther(oid: string, { role, adminRole }: ResolvedPolicyOptions): string {
  const roles = [role, ...(adminRole === null ? [] : [adminRole])].map(quoteLiteral).join(', ');
  return `${oid} NOT IN (SELECT oid FROM pg_catalog.pg_roles WHERE rolname IN (${roles}))`;
}

function overPolicies(tables: readonly Relation[], condition: string, action: string): string {
  const names = tables.map((table) => `      ${quoteLiteral(quoteQualified(table))}`).join(',\n');
  return doBlock(
    [
      'DECLARE',
      '  compiled record;',
      'BEGIN',
      '  FOR compiled IN',
      '    SELECT p.polname AS name, p.polrelid::regclass AS target,',
      "      p.polname || '_' || substr(md5(array_to_string(p.polroles, ',')), 1, 12) AS aside",
      '    FROM pg_catalog.pg_policy p',
      `    WHERE p.polrelid IN (SELECT to_regclass(name) FROM unnest(ARRAY[\n${names}\n    ]) name)`,
      `    AND ${condition}`,
      '    ORDER BY p.polname',
      '  LOOP',
      `    ${action}`,
      '  END LOOP;',
      'END',
    ].join('\n'),
  );
}
