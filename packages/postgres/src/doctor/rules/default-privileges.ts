import { catalogRule } from '../diagnosis/catalog-rule.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row {
  readonly owner: string;
  /** The schema, quoted; null when it is all of them. */
  readonly schema: string | null;
  readonly owner_identifier: string;
  readonly grantees: string;
}

/**
 * G7: a table that is made later has no policies, and a partition is a table. Without rights on it nobody reads it by its name
 * until it is classified; default privileges give them at once, to a pool that looked when it started.
 */
export const defaultPrivileges = catalogRule<Row>({
  name: 'default-privileges',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select pg_get_userbyid(d.defaclrole) as owner, quote_ident(n.nspname) as schema,
      quote_ident(pg_get_userbyid(d.defaclrole)) as owner_identifier,
      string_agg(distinct case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end, ', ') as grantees
    from pg_default_acl d
    left join pg_namespace n on n.oid = d.defaclnamespace
    cross join lateral aclexplode(d.defaclacl) acl
    where d.defaclobjtype = 'r' and (d.defaclnamespace = 0 or n.nspname = any($1::text[]))
      and acl.grantee <> d.defaclrole and (acl.grantee = 0 or acl.grantee in (select oid from reach))
    group by d.defaclrole, n.nspname`,
  values: ({ schemas }) => [schemas],
  diagnose: ({ owner, schema, owner_identifier, grantees }) => [
    {
      subject: `default privileges of ${owner}`,
      message:
        'a table or partition that this role makes is open to the application before it has policies, and a pool that is ' +
        'running does not look again.',
      fix:
        `alter default privileges for role ${owner_identifier} ${schema === null ? '' : `in schema ${schema} `}` +
        `revoke all on tables from ${grantees}`,
    },
  ],
});
