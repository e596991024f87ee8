import { catalogRule } from './catalog-rule.js';
import { REACHABLE_ROLES } from './reachable-roles.js';

interface Row {
  readonly schema: string;
  readonly identifier: string;
  readonly grantees: string;
}

/** G7: a table that the application makes has no policies, and a function that it makes may run for the next tenant. */
export const schemaCreate = catalogRule<Row>({
  name: 'schema-create',
  trap: 'G7',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select n.nspname as schema, quote_ident(n.nspname) as identifier,
      string_agg(distinct case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end, ', ') as grantees
    from pg_namespace n
    cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) acl
    where n.nspname = any($1::text[]) and acl.privilege_type = 'CREATE'
      and (acl.grantee = 0 or acl.grantee in (select oid from reach))
    group by n.nspname`,
  values: ({ schemas }) => [schemas],
  diagnose: ({ schema, identifier, grantees }) => [
    {
      subject: `schema ${schema}`,
      message:
        'the application may create tables and functions in this schema. Such a table has no policies, and such a function ' +
        'may stand in for another in the queries of every tenant.',
      fix: `revoke create on schema ${identifier} from ${grantees}`,
    },
  ],
});
