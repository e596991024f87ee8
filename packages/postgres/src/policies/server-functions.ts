import { doBlock, quoteLiteral } from './quoting.js';
import type { ResolvedPolicyOptions } from './resolve-policy-options.js';
import { quotedRoles } from './tenant-table-statements.js';

/**
 * True when the function `f` is one by which a tenant reaches another past every policy, for both are one role: to end its
 * queries and connections, and to read and delete its large objects.
 */
export const REACHES_OTHER_TENANTS = `f.pronamespace = 'pg_catalog'::regnamespace
  and f.proname ~ '^(pg_(terminate|cancel)_backend|lo_.*|loread|lowrite)$'`;

/** The view whose rows, and the function whose results, are the texts of every tenant's queries. */
export const TELLS_QUERIES = 'pg_stat_statements';

/**
 * Takes those functions and that view from everybody, where the role that runs this may: they belong to a superuser, or to
 * whoever installed the extension. Superusers keep them, and so does who may signal other roles' sessions.
 */
export function serverFunctionStatements(options: ResolvedPolicyOptions): string[] {
  const told = options.shared.some(({ name }) => name === TELLS_QUERIES);
  const roles = quoteLiteral(quotedRoles(options).join(', '));
  return [
    doBlock(
      [
        'DECLARE',
        '  target record;',
        'BEGIN',
        '  FOR target IN',
        "    SELECT f.oid::regprocedure AS name, f.proname LIKE '%backend' AS signals FROM pg_catalog.pg_proc f",
        `    WHERE (${REACHES_OTHER_TENANTS}${told ? '' : ` OR f.proname = '${TELLS_QUERIES}'`})`,
        "    AND pg_catalog.pg_has_role(f.proowner, 'USAGE')",
        '  LOOP',
        `    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, %s', target.name, ${roles});`,
        '    IF target.signals THEN',
        "      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO pg_signal_backend', target.name);",
        '    END IF;',
        '  END LOOP;',
        ...(told ? [] : viewRevocation(roles)),
        'END',
      ].join('\n'),
    ),
  ];
}

function viewRevocation(roles: string): string[] {
  return [
    '  FOR target IN',
    '    SELECT c.oid::regclass AS name FROM pg_catalog.pg_class c',
    `    WHERE c.relname = '${TELLS_QUERIES}' AND c.relkind = 'v' AND pg_catalog.pg_has_role(c.relowner, 'USAGE')`,
    '  LOOP',
    `    EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC, %s', target.name, ${roles});`,
    '  END LOOP;',
  ];
}
