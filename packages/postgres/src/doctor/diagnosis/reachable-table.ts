import { holdsTenant, PARTS } from '../../policies/descendants.js';
import { columnsAlike } from '../../policies/relation-catalog.js';
import { commandsOf, policiesOf, typeOf } from './catalog-policies.js';
import { CONNECTED_ADMINISTRATOR } from './connected-role.js';
import { type Grantees, grantedPrivileges } from './granted-privileges.js';
import type { CatalogPolicy } from './policy-fault.js';
import { IS_REACHABLE_RELATION, REACHABLE_ROLES } from './reachable-roles.js';
import { IS_EXAMINED_ANYWHERE, LEDGER, RELATION_NAMES } from './relations.js';
import type { Reader } from './unheld-policies.js';

/** A table that the application can reach and that is neither shared nor hidden, with the policies that apply to it. */
export interface ReachableTable extends Grantees {
  readonly subject: string;
  readonly identifier: string;
  readonly schema: string;
  readonly name: string;
  readonly foreign: boolean;
  readonly enabled: boolean;
  /** The policies apply to whomever the application can act as, the owner included. */
  readonly forced: boolean;
  /** The type of the column that is called `tenantColumn`, when there is one. */
  readonly type: string | null;
  /** A table that inherits from it has the column, or policies. */
  readonly inherited: boolean;
  /** Columns that are called so in another spelling. */
  readonly alike: readonly string[];
  readonly policies: readonly CatalogPolicy[];
  /** The roles that a query of the application's can run as. */
  readonly readers: readonly Reader[];
  /** There are policies too that are made for roles which the application cannot become. */
  readonly others: boolean;
  /** The role that is connected. */
  readonly application: string;
  readonly application_identifier: string;
  readonly administrative: boolean;
  /** The roles that it can become, and the statement after which it cannot. */
  readonly reached: readonly { readonly role: string; readonly identifier: string; readonly leave: string | null }[];
  /** Whom `tenancy_admin` is for. */
  readonly admin: string | null;
  /** A name that no policy of the table has. */
  readonly floor: string;
  readonly version: number;
}

/** The roles that a query can run as and that the policy applies to: it names them, or a role whose rights they have. */
const APPLIES_TO = `coalesce((
            select json_agg(runner.rolname)
            from runner
            where exists (
              select from unnest(p.polroles) role where role = 0 or pg_has_role(runner.oid, nullif(role, 0), 'USAGE')
            )
          ), '[]')`;

/**
 * The roles that a query can run as, as JSON of `Reader`, each with the rights of all of them: PostgreSQL takes the policies of whoever
 * plans a query and asks for the rights of whoever runs the plan, and the role can be set in between.
 */
const READERS = `(
        select json_agg(json_build_object('role', runner.rolname, 'commands', (
          select coalesce(json_agg(distinct command), '[]') from runner other cross join lateral unnest(${commandsOf('other')}) command
        )))
        from runner
      )`;

/**
 * The tables, one row each. PostgreSQL's own functions and operators have no entry in pg_depend, so every entry that is not a column
 * of the table is somebody's own.
 */
export const REACHABLE_TABLES = `
    with recursive ${REACHABLE_ROLES}
    select ${RELATION_NAMES}, n.nspname::text as schema, c.relname::text as name,
      c.relkind = 'f' as foreign, c.relrowsecurity as enabled,
      c.relforcerowsecurity or c.relowner not in (select oid from reach) as forced,
      (
        select ${typeOf('a')} from pg_attribute a
        where a.attrelid = c.oid and a.attname = $3 and a.attnum > 0 and not a.attisdropped
      ) as type,
      exists (
        with recursive ${PARTS}
        select from part
        where part.top = c.oid and exists (select from pg_class c where c.oid = part.oid and ${holdsTenant('$3')})
      ) as inherited,
      ${columnsAlike('$3')} as alike,
      current_user::text as application, quote_ident(current_user) as application_identifier,
      ${CONNECTED_ADMINISTRATOR} as administrative, current_setting('server_version_num')::int as version,
      'tenant_floor' || (select coalesce(nullif(count(*), 0)::text, '') from pg_policy p
        where p.polrelid = c.oid and p.polname like 'tenant\\_floor%') as floor,
      (
        select pg_get_userbyid(p.polroles[1])::text from pg_policy p
        where p.polrelid = c.oid and p.polname = 'tenancy_admin' and p.polroles[1] <> 0
      ) as admin,
      exists (
        select from pg_policy p
        where p.polrelid = c.oid and not p.polroles && (select array_agg(oid) || 0::oid from reach)
      ) as others,
      coalesce((
        select json_agg(json_build_object('role', r.rolname, 'identifier', quote_ident(r.rolname), 'leave', (
          select format('revoke %I from %s', r.rolname, string_agg(quote_ident(pg_get_userbyid(m.member)), ', ' order by m.member))
          from pg_auth_members m
          where m.roleid = r.oid and m.member in (select oid from reach)
          having count(*) > 0
        )))
        from reach join pg_roles r using (oid)
      ), '[]') as reached,
      ${READERS} as readers,
      granted.grantees, granted.connected, granted.memberships, granted.delegated,
      ${policiesOf(APPLIES_TO, `p.polroles && (select array_agg(oid) || 0::oid from reach)`)} as policies
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join lateral (${grantedPrivileges('c', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}) granted on true
    where c.relkind in ('r', 'p', 'f') and ${IS_EXAMINED_ANYWHERE} and n.nspname || '.' || c.relname <> '${LEDGER}'
      and ${IS_REACHABLE_RELATION}`;
