import { catalogRule } from './catalog-rule.js';
import { IS_REACHABLE_RELATION, REACHABLE_ROLES } from './reachable-roles.js';

interface Row {
  readonly schema: string;
  readonly tables: number;
}

/** G7: what lies in a schema that nobody listed is not examined, although the application can reach it. */
export const unexaminedSchemas = catalogRule<Row>({
  name: 'unexamined-schemas',
  trap: 'G7',
  severity: 'advice',
  // Every session may have a pg_temp schema of its own; what it may create there is another rule's.
  sql: `
    with recursive ${REACHABLE_ROLES}
    select n.nspname as schema, count(*)::int as tables
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname <> all($1::text[]) and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
      and c.relkind in ('r', 'p', 'v', 'm', 'f') and ${IS_REACHABLE_RELATION}
      and exists (select from reach where has_schema_privilege(reach.oid, n.oid, 'USAGE'))
    group by n.nspname`,
  values: ({ schemas }) => [schemas],
  diagnose: ({ schema, tables }) => [
    {
      subject: `schema ${schema}`,
      message: `the application can reach ${tables} tables or views in this schema, which is not examined.`,
      fix: `list "${schema}" in \`schemas\`, or revoke its use from the application`,
    },
  ],
});
