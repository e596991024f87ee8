import { catalogRule } from '../diagnosis/catalog-rule.js';
import { IS_REACHABLE_RELATION, REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { LEDGER } from '../diagnosis/relations.js';

interface Row {
  readonly tables: string;
}

/**
 * P27: an ORM that writes the schema into its SQL, as Prisma does, reads `public` for every tenant. With a schema for each
 * tenant there is nothing in it to be read.
 */
export const publicTables = catalogRule<Row>({
  name: 'public-tables',
  severity: 'error',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select string_agg(quote_ident(c.relname), ', ' order by c.relname) as tables
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f') and ${IS_REACHABLE_RELATION}
      and n.nspname || '.' || c.relname <> '${LEDGER}'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    having count(*) > 0`,
  diagnose: ({ tables }) => [
    {
      subject: 'schema public',
      message:
        `the application can reach ${tables} there. SQL that names the schema itself, as Prisma does in every query of a ` +
        'model, would read the same rows for every tenant.',
      fix: "move them, or revoke them from the application; if every tenant may see them, list 'public' in `shared`",
    },
  ],
});
