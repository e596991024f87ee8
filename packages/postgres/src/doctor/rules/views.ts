import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { CONNECTED_ADMINISTRATOR } from '../diagnosis/connected-role.js';
import { type Grantees, grantedPrivileges, revocations } from '../diagnosis/granted-privileges.js';
import { IS_REACHABLE_RELATION, REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { HOLDS_TENANTS, IS_EXAMINED_ANYWHERE, RELATION_NAMES, unexamined, WITH_READ } from '../diagnosis/relations.js';

interface Row extends Grantees {
  readonly subject: string;
  readonly identifier: string;
  readonly materialized: boolean;
}

/**
 * True when the view `c` of the owner's rights shows tables alone that are everybody's, `$4`, and lets nobody write to them. A listed table
 * that has policies, or the tenant's column, is not everybody's row by row.
 */
const SHOWS_SHARED = `(
  granted.privileges = array['SELECT'] and not ${HOLDS_TENANTS}
  and (
    ${WITH_READ}
    select coalesce(bool_and(
      s.nspname || '.' || t.relname = any($4::text[]) or (t.relname::text = any($4::text[]) and s.nspname = any($1::text[]))
    ), false)
    from read
    join pg_class t on t.oid = read.oid
    join pg_namespace s on s.oid = t.relnamespace
    where t.relkind <> 'v'
  )
)`;

/** G7: a view runs as its owner, and a materialised view has no policies. */
export const views = catalogRule<Row>({
  name: 'views',
  severity: 'error',
  // The option is kept as it was written, so `on`, `1` and `yes` all mean true.
  sql: `
    with recursive ${REACHABLE_ROLES}
    select ${RELATION_NAMES}, c.relkind = 'm' as materialized,
      granted.grantees, granted.connected or ${CONNECTED_ADMINISTRATOR} as connected, granted.memberships, granted.delegated
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (${grantedPrivileges('c', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}) granted
    where c.relkind in ('v', 'm') and ${IS_EXAMINED_ANYWHERE} and ${IS_REACHABLE_RELATION}
      and not coalesce((
        select option_value::boolean from pg_options_to_table(c.reloptions) where option_name = 'security_invoker'
      ), false)
      and not (c.relkind = 'v' and ${SHOWS_SHARED})`,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn, options.shared],
  diagnose: ({ subject, identifier, materialized, ...granted }): Diagnosis[] =>
    materialized
      ? revocations(granted, `revoke all on ${identifier}`).map((fix) => ({
          subject,
          message: 'a materialised view has no policies: the application reads in it the rows of every tenant.',
          fix: fix.startsWith('revoke')
            ? `${fix} -- or, when its rows belong to no tenant, list it in \`shared\``
            : fix,
        }))
      : [
          {
            subject,
            message: 'the view runs as its owner, so the policies of its tables do not apply to the application.',
            fix: `alter view ${identifier} set (security_invoker = true)`,
          },
        ],
});
