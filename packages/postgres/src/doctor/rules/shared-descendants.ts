import { holdsTenant, PARTS } from '../../policies/descendants.js';
import { catalogRule } from '../diagnosis/catalog-rule.js';
import { isNamedIn, RELATION_NAMES } from '../diagnosis/relations.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly descendant: string;
  readonly descendant_identifier: string;
  /** The descendant inherits from the shared table itself, and is no partition of it. */
  readonly separable: boolean;
}

/** G7: a table shows the rows of what inherits from it, and asks only for the policies and rights of its own. */
export const sharedDescendants = catalogRule<Row>({
  name: 'shared-descendants',
  severity: 'error',
  sql: `
    with recursive ${PARTS},
    kept(oid, subject, identifier) as (
      select c.oid, ${RELATION_NAMES}
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.oid in (select oid from part) and (${holdsTenant('$3')} or ${isNamedIn('$4')})
    )
    select ${RELATION_NAMES}, kept.subject as descendant, kept.identifier as descendant_identifier,
      exists (
        select from pg_inherits i join pg_class own on own.oid = i.inhrelid
        where i.inhrelid = kept.oid and i.inhparent = c.oid and not own.relispartition
      ) as separable
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join part on part.top = c.oid
    join kept on kept.oid = part.oid
    where (n.nspname || '.' || c.relname = any($2::text[]) or (n.nspname = any($1::text[]) and ${isNamedIn('$2')}))
      and not ${isNamedIn('$4')}`,
  values: ({ schemas, shared, tenantColumn, hidden = [] }) => [schemas, shared, tenantColumn, hidden],
  diagnose: ({ subject, identifier, descendant, descendant_identifier, separable }, { tenantColumn }) => [
    {
      subject,
      message:
        `it is listed as shared, and shows every tenant the rows of ${descendant}, which inherits from it and has the tenant's ` +
        'column, policies or no right for the application: a query of the parent asks for none of them.',
      fix:
        `${separable ? `alter table ${descendant_identifier} no inherit ${identifier} -- or ` : ''}give ${identifier} the column ` +
        `${tenantColumn} and the policies of a tenant's table, and remove it from \`shared\``,
    },
  ],
});
