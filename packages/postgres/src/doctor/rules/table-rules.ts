import { catalogRule } from '../diagnosis/catalog-rule.js';
import { IS_EXAMINED, RELATION_NAMES, unexamined } from '../diagnosis/relations.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly rule: string;
}

/** G7: what a rewrite rule does besides runs as the owner of the table, like a view. */
export const tableRules = catalogRule<Row>({
  name: 'table-rules',
  severity: 'advice',
  sql: `
    select ${RELATION_NAMES}, quote_ident(r.rulename) as rule
    from pg_rewrite r
    join pg_class c on c.oid = r.ev_class
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v') and r.rulename <> '_RETURN' and ${IS_EXAMINED}`,
  values: (options) => [options.schemas, unexamined(options)],
  diagnose: ({ subject, identifier, rule }) => [
    {
      subject,
      message: `its rule ${rule} reads and writes other tables as the owner, so their policies may not apply.`,
      fix: `drop rule ${rule} on ${identifier}`,
    },
  ],
});
