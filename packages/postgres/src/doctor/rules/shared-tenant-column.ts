import { catalogRule } from '../diagnosis/catalog-rule.js';
import { isNamedIn, RELATION_NAMES } from '../diagnosis/relations.js';

interface Row {
  readonly subject: string;
}

/** G7: a table with the tenant of each row is seldom one that every tenant may read. */
export const sharedTenantColumn = catalogRule<Row>({
  name: 'shared-tenant-column',
  severity: 'advice',
  sql: `
    select ${RELATION_NAMES}
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = $3 and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname = any($1::text[]) and ${isNamedIn('$2')}`,
  values: ({ schemas, shared, tenantColumn }) => [schemas, shared, tenantColumn],
  diagnose: ({ subject }, { tenantColumn }) => [
    {
      subject,
      message: `it is listed as shared, so every tenant reads all of it, and yet it has the column ${tenantColumn}.`,
      fix: "remove it from `shared` and give it the policies of a tenant's table, unless every tenant may read all of it",
    },
  ],
});
