import { catalogRule } from '../diagnosis/catalog-rule.js';
import { TENANT_TABLES, unexamined } from '../diagnosis/relations.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly index: string;
  readonly index_identifier: string;
  readonly method: string;
  readonly key: string | null;
  readonly leading: string;
  /** Null for an expression. */
  readonly type: string | null;
  /** Its columns and expressions, as SQL, without the options of each column. */
  readonly columns: readonly string[];
  readonly predicate: string;
  readonly unique: boolean;
  /** The options that a unique index has after its columns. */
  readonly suffix: string;
  readonly constraint: boolean;
}

/**
 * G4: under row-level security a condition is tested after the policy unless its operator is leakproof, and so cannot use
 * its index. An index that begins with the tenant serves the policy itself.
 */
export const leakproofIndexes = catalogRule<Row>({
  name: 'leakproof-indexes',
  severity: 'advice',
  // What counts is the first column: equality in a B-tree or hash, every operator in the rest, which are made for others.
  // The functions of an expression are read from its tree, because PostgreSQL's own have no entry in pg_depend.
  sql: `
    with ${TENANT_TABLES}
    select t.subject, t.identifier, i.relname as index, format('%I.%I', n.nspname, i.relname) as index_identifier,
      m.amname as method, t.key_identifier as key, pg_get_indexdef(i.oid, 1, true) as leading, format_type(first.atttypid, null) as type,
      array(select pg_get_indexdef(i.oid, position, true) from generate_series(1, x.indnkeyatts) position) as columns,
      coalesce(' where ' || pg_get_expr(x.indpred, x.indrelid), '') as predicate,
      x.indisunique as unique,
      case when x.indnatts > x.indnkeyatts then ' include (' || (
        select string_agg(pg_get_indexdef(i.oid, position, true), ', ' order by position)
        from generate_series(x.indnkeyatts + 1, x.indnatts) position
      ) || ')' else '' end ||
        case when (to_jsonb(x) ->> 'indnullsnotdistinct')::boolean then ' nulls not distinct' else '' end as suffix,
      exists (select from pg_constraint k where k.conindid = i.oid and k.contype in ('p', 'u', 'x')) as constraint
    from tenant_table t
    join pg_index x on x.indrelid = t.oid
    join pg_class i on i.oid = x.indexrelid
    join pg_namespace n on n.oid = i.relnamespace
    join pg_am m on m.oid = i.relam
    join pg_opclass o on o.oid = x.indclass[0]
    left join pg_attribute first on first.attrelid = t.oid and first.attnum = x.indkey[0]
    where not i.relispartition
      and (
        exists (
          select from pg_amop s
          join pg_operator op on op.oid = s.amopopr
          join pg_proc f on f.oid = op.oprcode
          where s.amopfamily = o.opcfamily and s.amoppurpose = 's' and s.amoplefttype = o.opcintype and not f.proleakproof
            and s.amoprighttype = case when m.amname in ('btree', 'hash') then o.opcintype else s.amoprighttype end
            and s.amopstrategy = case m.amname when 'btree' then 3 when 'hash' then 1 else s.amopstrategy end
        )
        or (x.indkey[0] = 0 and exists (
          select from regexp_matches(x.indexprs::text, ':(funcid|opno) (\\d+)', 'g') call(parts)
          join pg_proc f on f.oid = case parts[1]
            when 'funcid' then parts[2]::oid
            else (select oprcode from pg_operator op where op.oid = parts[2]::oid)
          end
          where not f.proleakproof
        ))
      )`,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose: (row) => [
    {
      subject: row.subject,
      message:
        `the index ${row.index} begins with ${row.leading}, ${row.type === null ? 'an expression' : `a column of type ${row.type}`} ` +
        'whose operators are not leakproof, so under row-level security no query searches the index by them.',
      fix: repair(row),
    },
  ],
});

function repair({
  identifier,
  index_identifier,
  method,
  key,
  columns,
  predicate,
  unique,
  suffix,
  constraint,
}: Row): string {
  if (key === null) return 'give the table the column of the tenant, with a policy on it, and begin the index with it';
  if (constraint) return `begin the key with ${key}`;
  // Only a B-tree takes the tenant beside the rest: in the others the tenant alone is what the policy can search.
  const served = method === 'btree' ? [key, ...columns.filter((column) => column !== key)] : [key];
  return (
    `create ${unique ? 'unique ' : ''}index on ${identifier} (${served.join(', ')})${suffix}${predicate}; ` +
    `drop index ${index_identifier}`
  );
}
