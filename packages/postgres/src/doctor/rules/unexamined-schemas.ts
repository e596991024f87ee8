import { FROM_EXTENSION } from '../../policies/relation-catalog.js';
import { catalogRule } from '../diagnosis/catalog-rule.js';
import { IS_REACHABLE_RELATION, IS_WITHIN_REACH, REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { IS_ELSEWHERE, unexamined } from '../diagnosis/relations.js';

interface Row {
  readonly schema: string;
  readonly tables: number;
}

/** G7: what lies in a schema that nobody listed is not examined, although the application can reach it. */
export const unexaminedSchemas = catalogRule<Row>({
  name: 'unexamined-schemas',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select n.nspname as schema, count(*)::int as tables
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where ${IS_ELSEWHERE} and c.relkind in ('r', 'p', 'v', 'm', 'f') and not ${FROM_EXTENSION}
      and n.nspname || '.' || c.relname <> all($2::text[]) and ${IS_REACHABLE_RELATION} and ${IS_WITHIN_REACH}
    group by n.nspname`,
  values: (options) => [options.schemas, unexamined(options)],
  diagnose: ({ schema, tables }) => [
    {
      subject: `schema ${schema}`,
      message: `the application can reach ${tables} tables or views in this schema, which is not examined.`,
      fix: `list "${schema}" in \`schemas\`, or revoke from the application what it holds there`,
    },
  ],
});
