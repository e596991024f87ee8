import { catalogRule } from '../diagnosis/catalog-rule.js';
import { TENANT_TABLES, unexamined } from '../diagnosis/relations.js';

interface Row {
  readonly publication: string;
  readonly tables: number;
}

/** G8: logical replication sends the rows of every tenant, whatever the policies say. */
export const publications = catalogRule<Row>({
  name: 'publications',
  severity: 'advice',
  sql: `
    with ${TENANT_TABLES}
    select p.pubname as publication, count(*)::int as tables
    from pg_publication p
    cross join lateral pg_get_publication_tables(p.pubname) published
    join tenant_table t on t.oid = published.relid
    group by p.pubname`,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose: ({ publication, tables }) => [
    {
      subject: `publication ${publication}`,
      message: `it sends ${tables} tables of tenants to its subscribers, with the rows of every tenant.`,
      fix: 'see that each subscriber may hold the rows of every tenant, and that its own roles are held by policies there',
    },
  ],
});
