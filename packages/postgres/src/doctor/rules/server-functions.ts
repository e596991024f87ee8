import { REACHES_OTHER_TENANTS } from '../../policies/server-functions.js';
import { catalogRule } from '../diagnosis/catalog-rule.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row {
  readonly signals: boolean;
  readonly functions: string;
  /** Null when a role of PostgreSQL's own has it, which others are members of too. */
  readonly grantees: string | null;
  /** The statements after which the application is in no such role. */
  readonly leave: readonly string[];
  /** How many large objects the application can read. */
  readonly objects: number;
}

/**
 * G7: the functions that `compilePolicies` takes away when a superuser runs it. Without compiled policies nobody meant to, and
 * they are named where they lead to something: to large objects that are there.
 */
export const serverFunctions = catalogRule<Row>({
  name: 'server-functions',
  severity: 'advice',
  // Large objects ask for their owner, which all tenants are, unless lo_compat_privileges lets everybody in.
  sql: `
    with recursive ${REACHABLE_ROLES},
    granted as (
      select f.oid, f.proname like '%backend' as signals,
        case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end as grantee,
        case when pg_get_userbyid(acl.grantee) ~ '^pg_' then format('revoke %I from %s', pg_get_userbyid(acl.grantee), (
          select string_agg(quote_ident(pg_get_userbyid(m.member)), ', ' order by m.member)
          from pg_auth_members m
          where m.roleid = acl.grantee and m.member in (select oid from reach)
        )) end as leave
      from pg_proc f
      cross join lateral aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) acl
      where ${REACHES_OTHER_TENANTS} and acl.grantee <> f.proowner and (acl.grantee = 0 or acl.grantee in (select oid from reach))
    ),
    objects as (
      select count(*)::int as count
      from pg_largeobject_metadata l
      where l.lomowner in (select oid from reach) or current_setting('lo_compat_privileges')::boolean
        or exists (
          select from aclexplode(l.lomacl) acl where acl.grantee = 0 or acl.grantee in (select oid from reach)
        )
    )
    select signals, string_agg(distinct oid::regprocedure::text, ', ') as functions, string_agg(distinct grantee, ', ') filter (where leave is null) as grantees,
      coalesce(array_agg(distinct leave) filter (where leave is not null), '{}') as leave,
      objects.count as objects
    from granted cross join objects
    where exists (select from pg_policy where obj_description(oid, 'pg_policy') like 'tenancy:%') or (not signals and objects.count > 0)
    group by signals, objects.count`,
  diagnose: ({ signals, functions, grantees, leave, objects }) =>
    [
      ...(grantees === null
        ? []
        : [
            // As `compilePolicies` has it: who may signal other roles' sessions goes on doing so.
            `revoke execute on function ${functions} from ${grantees}` +
              (signals ? `; grant execute on function ${functions} to pg_signal_backend` : ''),
          ]),
      ...leave,
    ].map((fix) => ({
      subject: signals ? 'sessions' : 'large objects',
      message: signals
        ? 'the application may end queries and connections of its own role, which are those of every tenant.'
        : 'large objects have no policies: every tenant, being one role, reads and deletes those of all ' +
          `(${objects === 0 ? 'there are none yet' : `there are ${objects}`}).`,
      fix,
    })),
});
