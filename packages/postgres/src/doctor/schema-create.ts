import { catalogRule } from './catalog-rule.js';
import { type Grantees, granteesOf, IS_GRANTED, revocations } from './granted-privileges.js';
import { REACHABLE_ROLES } from './reachable-roles.js';

interface Row extends Grantees {
  readonly schema: string;
  readonly identifier: string;
}

/** G7: a table that the application makes has no policies, and a function that it makes may run for the next tenant. */
export const schemaCreate = catalogRule<Row>({
  name: 'schema-create',
  trap: 'G7',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select n.nspname as schema, quote_ident(n.nspname) as identifier,
      ${granteesOf('n.nspowner')}
    from pg_namespace n
    cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) acl
    where n.nspname = any($1::text[]) and acl.privilege_type = 'CREATE' and ${IS_GRANTED}
    group by n.nspname, n.nspowner`,
  values: ({ schemas }) => [schemas],
  diagnose: ({ schema, identifier, ...granted }) =>
    revocations(granted, `revoke create on schema ${identifier}`).map((fix) => ({
      subject: `schema ${schema}`,
      message:
        'the application may create tables and functions in this schema. Such a table has no policies, and such a function ' +
        'may stand in for another in the queries of every tenant.',
      fix,
    })),
});
