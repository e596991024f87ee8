import { catalogRule } from '../diagnosis/catalog-rule.js';
import { TENANT_TABLES, unexamined } from '../diagnosis/relations.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly index: string;
  readonly index_identifier: string;
  readonly constraint: string | null;
  readonly key: string | null;
  readonly definition: string;
}

/**
 * G6: a unique key over every tenant's rows tells a tenant which values the others have.
 *
 * Left out are keys with a column that the database or a generator fills: a uuid, an identity, a sequence. Nobody picks such
 * a value to see whether another has it, and foreign keys need one.
 */
export const uniqueKeys = catalogRule<Row>({
  name: 'unique-keys',
  severity: 'advice',
  // Only the first indnkeyatts columns are the key; INCLUDE adds the others. A partition's index is its parent's.
  sql: `
    with ${TENANT_TABLES}
    select t.subject, t.identifier, i.relname as index, index_name.identifier as index_identifier,
      quote_ident(k.conname) as constraint, t.key_identifier as key,
      coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(x.indexrelid)) as definition
    from tenant_table t
    join pg_index x on x.indrelid = t.oid
    join pg_class i on i.oid = x.indexrelid
    join pg_namespace n on n.oid = i.relnamespace
    cross join lateral (select format('%I.%I', n.nspname, i.relname) as identifier) index_name
    left join pg_constraint k on k.conindid = i.oid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x')
    where (x.indisunique or x.indisexclusion) and not i.relispartition
      and not exists (
        select from generate_series(0, x.indnkeyatts - 1) position
        join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[position] and a.attnum > 0
        left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
        where a.attnum = t.key_number or a.atttypid = 'uuid'::regtype or a.attidentity <> ''
          or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%'
      )`,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose: (row) => [
    {
      subject: row.subject,
      message:
        `its unique key ${row.index} does not contain the tenant: a value that one tenant has is refused to all others, ` +
        'which tells them that somebody has it.',
      fix: repair(row),
    },
  ],
});

function repair({ identifier, index_identifier, constraint, key, definition }: Row): string {
  if (key === null) return 'give the table the column of the tenant, and make it the first of the key';
  if (definition.startsWith('EXCLUDE')) return `add "${key} with =" to the constraint ${constraint}`;
  // The first parenthesis opens the list of columns, in a constraint and after USING in an index.
  const widened = definition.replace(/\((?=[^)])/, () => `(${key}, `);
  return constraint === null
    ? `drop index ${index_identifier}; ${widened}`
    : `alter table ${identifier} drop constraint ${constraint}, add constraint ${constraint} ${widened}`;
}
