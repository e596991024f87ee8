/**
 * A table expression `granted`: the privileges that a reachable role holds on the examined relations by a grant, with the
 * roles it was granted to. Read from the grants, not asked of the role: a superuser holds every privilege, which is another
 * rule's finding.
 */
export function grantedPrivileges(relation: string, privileges: readonly string[]): string {
  return `
    select array_agg(distinct acl.privilege_type order by acl.privilege_type) as privileges,
      string_agg(distinct case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end, ', ') as grantees
    from aclexplode(coalesce(${relation}.relacl, acldefault('r', ${relation}.relowner))) acl
    where acl.privilege_type in (${privileges.map((privilege) => `'${privilege}'`).join(', ')})
      and (acl.grantee = 0 or acl.grantee in (select oid from reach))`;
}
