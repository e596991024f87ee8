import { catalogRule } from '../diagnosis/catalog-rule.js';
import { type Grantees, granteesOf, IS_GRANTED, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row extends Grantees {
  readonly database: string;
  readonly identifier: string;
}

/** A temporary table belongs to the connection, which the next tenant gets from the pool with all its rows. */
export const temporaryTables = catalogRule<Row>({
  name: 'temporary-tables',
  severity: 'error',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select d.datname as database, quote_ident(d.datname) as identifier,
      ${granteesOf('d.datdba')}
    from pg_database d
    cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) acl
    where d.datname = current_database() and acl.privilege_type = 'TEMPORARY' and ${IS_GRANTED}
    group by d.datname, d.datdba`,
  diagnose: ({ database, identifier, ...granted }) =>
    revocations(granted, `revoke temporary on database ${identifier}`).map((fix) => ({
      subject: `database ${database}`,
      message:
        'the application may create temporary tables. They have no policies and stay on the connection, where the next ' +
        'tenant of the pool finds them.',
      fix,
    })),
});
