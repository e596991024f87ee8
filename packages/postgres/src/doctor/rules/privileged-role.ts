import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { CONNECT_AS, CONNECTED_ADMINISTRATOR, isAdministrative } from '../diagnosis/connected-role.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row {
  readonly role: string;
  readonly identifier: string;
  readonly application: string;
  readonly login: string;
  /** The reachable roles that are its members and administer nothing, as SQL; null when there are none. */
  readonly members: string | null;
  /** The connected role administers, so nothing is taken from it. */
  readonly administrative: boolean;
  /** `compilePolicies` made the policies of a table for this role. */
  readonly compiled: boolean;
  readonly attributes: readonly string[];
}

/** G1, G8: a role that skips policies, or that the application can become by `SET ROLE`, holds nobody apart. */
export const privilegedRole = catalogRule<Row>({
  name: 'privileged-role',
  severity: 'error',
  // Before PostgreSQL 16 CREATEROLE could grant itself every role but superusers; since then only those it administers.
  sql: `
    with recursive ${REACHABLE_ROLES}
    select r.rolname as role, quote_ident(r.rolname) as identifier, attributes,
      current_user as application, session_user as login, ${CONNECTED_ADMINISTRATOR} as administrative,
      exists (select from pg_policy p where p.polname ~ '^tenancy_isolation' and r.oid = any(p.polroles)) as compiled,
      (
        select string_agg(distinct quote_ident(pg_get_userbyid(m.member)), ', ')
        from pg_auth_members m
        where m.roleid = r.oid and m.member in (select oid from reach) and not ${isAdministrative('m.member')}
      ) as members
    from reach
    join pg_roles r using (oid)
    cross join lateral array_remove(array[
      case when r.rolsuper then 'SUPERUSER' end,
      case when r.rolbypassrls then 'BYPASSRLS' end,
      case when r.rolreplication then 'REPLICATION' end,
      case when r.rolcreaterole and current_setting('server_version_num')::int < 160000 then 'CREATEROLE' end,
      case when r.rolname in ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
        then 'access to the files of the server' end,
      case r.rolname when 'pg_read_all_data' then 'the right to read every table' when 'pg_write_all_data' then 'the right to write every table' end
    ], null) attributes
    where attributes <> '{}'`,
  diagnose({ role, identifier, application, login, attributes, ...row }): Diagnosis[] {
    const holds = attributes.join(' and ');
    if (role === application) {
      return [
        {
          subject: `role ${role}`,
          message: `the application runs as a role with ${holds}, to which row-level security does not apply.`,
          // Whoever else it is there for, it is not the application's: without its attributes, a superuser or the role of the
          // backups would be of no use.
          fix:
            row.compiled && !attributes.includes('SUPERUSER')
              ? `alter role ${identifier} ${attributes.map((attribute) => `no${attribute.toLowerCase()}`).join(' ')}`
              : CONNECT_AS,
        },
      ];
    }
    return [
      {
        subject: `role ${role}`,
        message:
          `the application runs as ${application}, which can act as ${role}; that role has ${holds}, so row-level ` +
          'security does not hold it.',
        fix:
          role === login
            ? `log in as ${application} itself, since RESET ROLE goes back to ${role}`
            : row.administrative || row.members === null
              ? CONNECT_AS
              : `revoke ${identifier} from ${row.members}`,
      },
    ];
  },
});
