import { catalogRule } from '../diagnosis/catalog-rule.js';
import { type Grantees, grantedPrivileges, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { isNamedIn, RELATION_NAMES } from '../diagnosis/relations.js';

interface Row extends Grantees {
  readonly subject: string;
  readonly identifier: string;
}

/** G7: what is listed as hidden has no policies, so the application must not reach it at all. */
export const hiddenTables = catalogRule<Row>({
  name: 'hidden-tables',
  severity: 'error',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select ${RELATION_NAMES}, granted.grantees, granted.connected, granted.memberships, granted.delegated
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (${grantedPrivileges('c', ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'])}) granted
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and (n.nspname || '.' || c.relname = any($2::text[]) or (n.nspname = any($1::text[]) and ${isNamedIn('$2')}))
      and granted.privileges is not null`,
  values: ({ schemas, hidden = [] }) => [schemas, hidden],
  diagnose: ({ subject, identifier, ...granted }) =>
    revocations(granted, `revoke all on ${identifier}`).map((fix) => ({
      subject,
      message: 'it is listed as hidden, and the application can read or write it.',
      fix,
    })),
});
