import { CONNECT_AS, isAdministrative } from './connected-role.js';

/** The holders of a privilege by a grant, as SQL. */
export interface Grantees {
  /** Those it can be revoked from; null when there are none. */
  readonly grantees: string | null;
  /** True when the connected role is one that it must not be revoked from: it owns what the privilege is on, or administers. */
  readonly connected: boolean;
  /** Grants that others than the owner made, which only they or a superuser can take back. */
  readonly delegated: readonly { readonly grantor: string; readonly grantee: string }[];
  /** The same of the roles that the connected one can become: the statements that end that. */
  readonly memberships: readonly string[];
}

/**
 * The columns of {@link Grantees}, over rows `acl` of `aclexplode` and the roles of `reach`. They are read from the grants, not
 * asked of the role: a superuser holds every privilege, which is another rule's finding.
 */
export function granteesOf(owner: string): string {
  const spared = `(acl.grantee <> 0 and (acl.grantee = ${owner} or ${isAdministrative('acl.grantee')}))`;
  const isConnected = `pg_get_userbyid(acl.grantee) in (current_user, session_user)`;
  return `
    string_agg(distinct case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end, ', ')
      filter (where not ${spared} and acl.grantor = ${owner}) ||
      case when bool_or(acl.is_grantable and not ${spared} and acl.grantor = ${owner}) then ' cascade' else '' end as grantees,
    coalesce(jsonb_agg(distinct jsonb_build_object(
      'grantor', quote_ident(pg_get_userbyid(acl.grantor)),
      'grantee', case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    )) filter (where not ${spared} and acl.grantor <> ${owner}), '[]') as delegated,
    coalesce(bool_or(${spared} and ${isConnected}), false) as connected,
    coalesce(array_agg(distinct format('revoke %I from %s', pg_get_userbyid(acl.grantee), (
      select string_agg(quote_ident(pg_get_userbyid(m.member)), ', ' order by m.member)
      from pg_auth_members m
      where m.roleid = acl.grantee and m.member in (select oid from reach)
    ))) filter (where ${spared} and not ${isConnected}), '{}') as memberships`;
}

/** True when a row `acl` of `aclexplode` is a grant to a reachable role, or to everybody. */
export const IS_GRANTED = `(acl.grantee = 0 or acl.grantee in (select oid from reach))`;

/**
 * A table expression `granted`: those of the privileges that a reachable role holds on the relation or on
 * one of its columns, and {@link Grantees}. What is revoked on the relation is revoked on its columns.
 */
export function grantedPrivileges(relation: string, privileges: readonly string[]): string {
  return `
    select array_agg(distinct acl.privilege_type order by acl.privilege_type) as privileges, ${granteesOf(`${relation}.relowner`)}
    from (
      select * from aclexplode(coalesce(${relation}.relacl, acldefault('r', ${relation}.relowner)))
      union all
      select of_column.* from pg_attribute a cross join lateral aclexplode(a.attacl) of_column where a.attrelid = ${relation}.oid
    ) acl
    where acl.privilege_type in (${privileges.map((privilege) => `'${privilege}'`).join(', ')}) and ${IS_GRANTED}`;
}

/** The steps after which no reachable role holds the privilege: `revoke`, such as `revoke truncate on job`, where it may. */
export function revocations({ grantees, delegated, connected, memberships }: Grantees, revoke: string): string[] {
  const steps = [
    ...(grantees === null ? [] : [`${revoke} from ${grantees}`]),
    ...delegated.map(({ grantor, grantee }) => `set role ${grantor}; ${revoke} from ${grantee} cascade; reset role`),
    ...memberships,
    ...(connected ? [CONNECT_AS] : []),
  ];
  // Without any grant it is a superuser's.
  return steps.length > 0 ? steps : [CONNECT_AS];
}
