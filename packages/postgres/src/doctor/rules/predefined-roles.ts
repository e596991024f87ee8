import { catalogRule } from '../diagnosis/catalog-rule.js';
import { CONNECT_AS, isAdministrative } from '../diagnosis/connected-role.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row {
  readonly role: string;
  /** The reachable roles that are its members and administer nothing, as SQL; null when there are none. */
  readonly members: string | null;
}

/** Those that reach every row are an error of `privileged-role`; the owner of the database is one of `table-owner`. */
const ELSEWHERE = [
  'pg_read_all_data',
  'pg_write_all_data',
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_execute_server_program',
  'pg_database_owner',
];

/** Source: https://www.postgresql.org/docs/current/predefined-roles.html */
const LETS: { readonly [role: string]: string } = {
  pg_signal_backend: 'end queries and connections of other roles',
  pg_signal_autovacuum_worker: 'end the vacuuming of every table',
  pg_maintain: 'lock and rewrite every table, which keeps every tenant waiting',
  pg_monitor: "read the texts of every role's queries, the settings of the server and the names of its files",
  pg_read_all_stats: "read the texts of every role's queries, in which values of other tenants may stand",
  pg_read_all_settings: 'read settings that are kept from other roles, among which may be passwords',
  pg_stat_scan_tables: 'run functions that keep every table locked for long',
  pg_checkpoint: 'have the server write everything to disk at once, which slows every tenant down',
  pg_create_subscription: 'make subscriptions, which write into tables what another server sends',
  pg_use_reserved_connections: 'take the connections that are kept for administrators',
};

/** G7: a role of PostgreSQL's own is for operating the server; who has one may watch or stop every tenant. */
export const predefinedRoles = catalogRule<Row>({
  name: 'predefined-roles',
  severity: 'advice',
  // A role that one of them brings along, as pg_monitor does, is lost with that one.
  sql: `
    with recursive ${REACHABLE_ROLES}
    select r.rolname as role,
      string_agg(quote_ident(pg_get_userbyid(m.member)), ', ' order by m.member) filter (where not ${isAdministrative('m.member')}) as members
    from reach
    join pg_roles r using (oid)
    join pg_auth_members m on m.roleid = r.oid and m.member in (select oid from reach) and pg_get_userbyid(m.member) !~ '^pg_'
    where r.rolname ~ '^pg_' and r.rolname <> all(array['${ELSEWHERE.join("', '")}'])
    group by r.rolname`,
  diagnose: ({ role, members }) => [
    {
      subject: `role ${role}`,
      message: `the application can act as ${role}, which ${
        Object.hasOwn(LETS, role) ? `lets it ${LETS[role]}` : 'is for operating the server'
      }: it is one role for all tenants, and needs none of PostgreSQL's own.`,
      fix: members === null ? CONNECT_AS : `revoke ${role} from ${members}`,
    },
  ],
});
