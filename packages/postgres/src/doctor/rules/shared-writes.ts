import { catalogRule } from '../diagnosis/catalog-rule.js';
import { type Grantees, grantedPrivileges, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { isNamedIn, RELATION_NAMES } from '../diagnosis/relations.js';

interface Row extends Grantees {
  readonly subject: string;
  readonly identifier: string;
  readonly privileges: readonly string[];
}

/** G7: what one tenant writes to a shared table, every other reads. */
export const sharedWrites = catalogRule<Row>({
  name: 'shared-writes',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select ${RELATION_NAMES}, privileges, grantees, connected, memberships, delegated
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (${grantedPrivileges('c', ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'])}) granted
    where c.relkind in ('r', 'p', 'v', 'f') and privileges is not null
      and (n.nspname || '.' || c.relname = any($2::text[]) or (n.nspname = any($1::text[]) and ${isNamedIn('$2')}))
      and not ${isNamedIn('$3')}`,
  values: ({ schemas, shared, hidden = [], writable = [] }) => [schemas, shared, [...hidden, ...writable]],
  diagnose: ({ subject, identifier, privileges, ...granted }) =>
    revocations(granted, `revoke ${privileges.join(', ').toLowerCase()} on ${identifier}`).map((fix) => ({
      subject,
      message:
        `it is shared, and the application may ${privileges.join(', ')}: what one tenant writes to it, every other reads. If tenants ` +
        'are meant to write to it, name it in `writable` too.',
      fix,
    })),
});
