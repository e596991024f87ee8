import { catalogRule } from '../diagnosis/catalog-rule.js';
import { type Grantees, granteesOf, IS_GRANTED, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row extends Grantees {
  readonly catalog: string;
}

/** The catalogs that PostgreSQL shows to superusers alone, and what each of them tells. */
const TELLS: { readonly [catalog: string]: string } = {
  pg_statistic: 'values from the rows of every tenant',
  pg_statistic_ext_data: 'values from the rows of every tenant',
  pg_largeobject: 'the large objects of every tenant',
  pg_authid: 'the passwords of all roles, as hashes',
  pg_user_mapping: 'the passwords for foreign servers',
};

/** G7: what the server keeps for itself is taken from rows of every tenant, or leads to them, and has no policies. */
export const privateCatalogs = catalogRule<Row>({
  name: 'private-catalogs',
  severity: 'error',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select c.relname::text as catalog, ${granteesOf('c.relowner')}
    from pg_class c
    cross join lateral (
      select * from aclexplode(c.relacl)
      union all
      select of_column.* from pg_attribute a cross join lateral aclexplode(a.attacl) of_column where a.attrelid = c.oid
    ) acl
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relname = any(array['${Object.keys(TELLS).join("', '")}'])
      and acl.privilege_type = 'SELECT' and acl.grantee <> c.relowner and ${IS_GRANTED}
    group by c.oid, c.relname, c.relowner`,
  diagnose: ({ catalog, ...granted }) =>
    revocations(granted, `revoke select on pg_catalog.${catalog}`).map((fix) => ({
      subject: `pg_catalog.${catalog}`,
      message: `the application may read this catalog, which tells ${TELLS[catalog]}, and which PostgreSQL shows to superusers alone.`,
      fix,
    })),
});
