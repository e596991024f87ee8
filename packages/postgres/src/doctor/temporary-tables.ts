import { catalogRule } from './catalog-rule.js';
import { REACHABLE_ROLES } from './reachable-roles.js';

interface Row {
  readonly database: string;
  readonly identifier: string;
  readonly grantees: string;
}

/** A temporary table belongs to the connection, which the next tenant gets from the pool with all its rows. */
export const temporaryTables = catalogRule<Row>({
  name: 'temporary-tables',
  trap: 'G7',
  severity: 'error',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select d.datname as database, quote_ident(d.datname) as identifier,
      string_agg(distinct case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end, ', ') as grantees
    from pg_database d
    cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) acl
    where d.datname = current_database() and acl.privilege_type = 'TEMPORARY'
      and (acl.grantee = 0 or acl.grantee in (select oid from reach))
    group by d.datname`,
  diagnose: ({ database, identifier, grantees }) => [
    {
      subject: `database ${database}`,
      message:
        'the application may create temporary tables. They have no policies and stay on the connection, where the next ' +
        'tenant of the pool finds them.',
      fix: `revoke temporary on database ${identifier} from ${grantees}`,
    },
  ],
});
