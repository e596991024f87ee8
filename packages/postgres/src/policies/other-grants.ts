import { doBlock, quoteLiteral, quoteQualified } from './quoting.js';
import type { ResolvedPolicyOptions } from './resolve-policy-options.js';

/** Lets one after the other run the SQL: two at once would change the same rows of the catalogs, and one would fail. */
export const LOCK = doBlock(
  [
    'BEGIN',
    "  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('@tenancy/postgres policies', 0));",
    'END',
  ].join('\n'),
);

/**
 * Takes back what somebody other than the owner granted to the roles or to everybody. PostgreSQL keeps who granted a right, and
 * a `REVOKE` of the owner takes back only the owner's: this one acts as each of the others.
 */
export function otherGrantsStatement(options: ResolvedPolicyOptions): string {
  const { role, adminRole, tables, shared, views, hidden } = options;
  const roles = ['public', role, ...(adminRole === null ? [] : [adminRole])].map(quoteLiteral).join(', ');
  const targets = [...tables, ...shared, ...views, ...hidden].map(
    (relation) => `      ${quoteLiteral(quoteQualified(relation))}`,
  );
  return doBlock(
    [
      'DECLARE',
      '  granted record;',
      '  target text;',
      "  before text := pg_catalog.current_setting('role');",
      'BEGIN',
      '  FOR granted IN',
      "    SELECT c.oid AS relation, acl.part, acl.privilege_type AS privilege, g.rolname AS grantor, coalesce(r.rolname, 'public') AS grantee",
      '    FROM pg_catalog.pg_class c',
      '    CROSS JOIN LATERAL (',
      '      SELECT NULL::name AS part, (pg_catalog.aclexplode(c.relacl)).*',
      '      UNION ALL',
      '      SELECT a.attname, acl.* FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) acl',
      '      WHERE a.attrelid = c.oid AND NOT a.attisdropped',
      '    ) acl',
      '    JOIN pg_catalog.pg_roles g ON g.oid = acl.grantor',
      '    LEFT JOIN pg_catalog.pg_roles r ON r.oid = acl.grantee',
      '    WHERE c.oid IN (SELECT pg_catalog.to_regclass(name) FROM unnest(ARRAY[',
      targets.join(',\n'),
      '    ]) name)',
      `    AND acl.grantor <> c.relowner AND coalesce(r.rolname, 'public') IN (${roles})`,
      '    UNION',
      "    SELECT NULL, NULL, acl.privilege_type, g.rolname, coalesce(r.rolname, 'public')",
      '    FROM pg_catalog.pg_database d',
      '    CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) acl',
      '    JOIN pg_catalog.pg_roles g ON g.oid = acl.grantor',
      '    LEFT JOIN pg_catalog.pg_roles r ON r.oid = acl.grantee',
      "    WHERE d.datname = current_database() AND acl.privilege_type = 'TEMPORARY'",
      `    AND acl.grantor <> d.datdba AND coalesce(r.rolname, 'public') IN (${roles})`,
      '  LOOP',
      // What was passed on has gone with what was revoked before, and who holds nothing any more may not revoke anything.
      '    CONTINUE WHEN NOT CASE',
      "      WHEN granted.relation IS NULL THEN has_database_privilege(granted.grantor, current_database(), 'TEMPORARY WITH GRANT OPTION')",
      "      WHEN granted.part IS NULL THEN has_table_privilege(granted.grantor, granted.relation, granted.privilege || ' WITH GRANT OPTION')",
      "      ELSE has_column_privilege(granted.grantor, granted.relation, granted.part, granted.privilege || ' WITH GRANT OPTION')",
      '    END;',
      "    target := coalesce('TABLE ' || granted.relation::regclass, format('DATABASE %I', current_database()));",
      '    BEGIN',
      "      PERFORM pg_catalog.set_config('role', granted.grantor, true);",
      // Each right by itself: `ALL` is refused to who may pass on a column alone, or TRUNCATE alone.
      "      EXECUTE format('REVOKE %s ON %s FROM %s CASCADE', granted.privilege || coalesce(' (' || quote_ident(granted.part) || ')', ''), target,",
      "        CASE granted.grantee WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(granted.grantee) END);",
      "      PERFORM pg_catalog.set_config('role', before, true);",
      '    EXCEPTION WHEN insufficient_privilege THEN',
      "      RAISE EXCEPTION 'the role % granted % a right on %, which only that role or a superuser can revoke',",
      '        granted.grantor, granted.grantee, target',
      "        USING HINT = 'Run this SQL as a superuser, or revoke that right as that role.', ERRCODE = 'insufficient_privilege';",
      '    END;',
      '  END LOOP;',
      'END',
    ].join('\n'),
  );
}
