import { catalogRule } from '../diagnosis/catalog-rule.js';
import { type Grantees, granteesOf, IS_GRANTED, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row extends Grantees {
  readonly server: string;
  readonly identifier: string;
}

/** dblink, or a right to make foreign tables somewhere. */
const HAS_A_WAY = `exists (
  select from reach
  where has_database_privilege(reach.oid, current_database(), 'CREATE, TEMPORARY')
    or exists (select from pg_namespace n where has_schema_privilege(reach.oid, n.oid, 'CREATE'))
    or exists (
      select from pg_extension e
      join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.classid = 'pg_proc'::regclass
      join pg_proc f on f.oid = d.objid and f.proname in ('dblink', 'dblink_connect', 'dblink_exec', 'dblink_open', 'dblink_send_query')
      where e.extname = 'dblink' and has_function_privilege(reach.oid, f.oid, 'EXECUTE')
        and has_schema_privilege(reach.oid, f.pronamespace, 'USAGE')
    )
)`;

/** G7: what is behind a foreign server is asked as one user for all tenants, by SQL that no policy of this database holds. */
export const foreignServers = catalogRule<Row>({
  name: 'foreign-servers',
  severity: 'error',
  // Without a user mapping a server of PostgreSQL's wants a password, which the application would have to know.
  sql: `
    with recursive ${REACHABLE_ROLES}
    select s.srvname as server, quote_ident(s.srvname) as identifier, ${granteesOf('s.srvowner')}
    from pg_foreign_server s
    cross join lateral aclexplode(coalesce(s.srvacl, acldefault('S', s.srvowner))) acl
    where ${IS_GRANTED} and ${HAS_A_WAY}
      and exists (select from pg_user_mappings u where u.srvid = s.oid and (u.umuser = 0 or u.umuser in (select oid from reach)))
    group by s.oid, s.srvname, s.srvowner`,
  diagnose: ({ server, identifier, ...granted }) =>
    revocations(granted, `revoke usage on foreign server ${identifier}`).map((fix) => ({
      subject: `foreign server ${server}`,
      message:
        'the application may send SQL of its own to this server by a user mapping, which is one for all tenants: no policy of this ' +
        'database holds what is read there. Foreign tables that are made already need no such right.',
      fix,
    })),
});
