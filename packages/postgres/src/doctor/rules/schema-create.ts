import { catalogRule } from '../diagnosis/catalog-rule.js';
import { isAdministrative } from '../diagnosis/connected-role.js';
import { type Grantees, granteesOf, IS_GRANTED, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row extends Grantees {
  readonly kind: 'schema' | 'database';
  readonly name: string;
  readonly identifier: string;
  /** To whom the schema can be given that the application owns; null when it owns none. */
  readonly heir: string | null;
}

/**
 * G7: a table that the application makes has no policies, and a function that it makes may run for the next tenant: in a schema
 * that is examined, in one that names are looked up in, or in a new one, which `"$user"` may be.
 */
export const schemaCreate = catalogRule<Row>({
  name: 'schema-create',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES},
    place(kind, name, owner, acl) as (
      select 'schema', n.nspname, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
      from pg_namespace n
      where n.nspname = any($1::text[]) or n.nspname = any(current_schemas(false))
      union all
      select 'database', d.datname, d.datdba, coalesce(d.datacl, acldefault('d', d.datdba))
      from pg_database d
      where d.datname = current_database()
    )
    select place.kind, place.name, quote_ident(place.name) as identifier, ${granteesOf('place.owner')},
      case when place.kind = 'schema' and place.owner in (select oid from reach) and not ${isAdministrative('place.owner')}
        then (select quote_ident(pg_get_userbyid(d.datdba)) from pg_database d where d.datname = current_database()) end as heir
    from place
    cross join lateral aclexplode(place.acl) acl
    where acl.privilege_type = 'CREATE' and ${IS_GRANTED}
    group by place.kind, place.name, place.owner`,
  values: ({ schemas }) => [schemas],
  diagnose: ({ kind, name, identifier, heir, ...granted }) =>
    (heir === null
      ? revocations(granted, `revoke create on ${kind} ${identifier}`)
      : [`alter schema ${identifier} owner to ${heir} -- or drop the schema`]
    ).map((fix) => ({
      subject: `${kind} ${name}`,
      message:
        kind === 'schema'
          ? 'the application may create tables and functions in this schema. Such a table has no policies, and such a function ' +
            'may stand in for another in the queries of every tenant.'
          : 'the application may create schemas in this database. One of them may come first in the search path, where its tables ' +
            'without policies stand in for those of every tenant.',
      fix,
    })),
});
