import { TELLS_QUERIES } from '../../policies/server-functions.js';
import { catalogRule } from '../diagnosis/catalog-rule.js';
import { type Grantees, grantedPrivileges, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { isNamedIn, RELATION_NAMES, unexamined } from '../diagnosis/relations.js';

interface Row extends Grantees {
  readonly subject: string;
  readonly identifier: string;
}

/** G7: an extension's view that shows a role the texts of its own queries shows each tenant those of all, who are one role. */
export const queryTexts = catalogRule<Row>({
  name: 'query-texts',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select ${RELATION_NAMES}, granted.grantees, granted.connected, granted.memberships, granted.delegated
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (${grantedPrivileges('c', ['SELECT'])}) granted
    where c.relname = '${TELLS_QUERIES}' and c.relkind = 'v' and granted.privileges is not null and not ${isNamedIn('$1')}
      and exists (select from reach where has_schema_privilege(reach.oid, n.oid, 'USAGE'))`,
  values: (options) => [unexamined(options)],
  diagnose: ({ subject, identifier, ...granted }) =>
    revocations(granted, `revoke all on ${identifier}`).map((fix) => ({
      subject,
      message:
        'the view shows the application the texts of its queries and how often they ran, which are those of every tenant. ' +
        'Values that are not parameters may stand in them.',
      fix,
    })),
});
