import { catalogRule } from '../diagnosis/catalog-rule.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { TENANT_TABLES, unexamined } from '../diagnosis/relations.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly constraint: string;
  readonly referenced: string;
  readonly referenced_identifier: string;
  readonly key: string | null;
  readonly referenced_key: string | null;
  readonly columns: readonly string[];
  readonly referenced_columns: readonly string[];
  readonly actions: string;
  /** A tenant's change of the referenced table, which is everybody's, goes on to these rows. */
  readonly shared: boolean;
  /** The referenced table has a unique key of the tenant and these columns already. */
  readonly keyed: boolean;
}

/** G5: PostgreSQL checks a foreign key without policies, so a row may point at another tenant's. */
export const foreignKeys = catalogRule<Row>({
  name: 'foreign-keys',
  severity: 'advice',
  // A partition's constraint is its parent's. SET NULL is limited to the columns that were there: the tenant stays.
  sql: `
    with recursive ${REACHABLE_ROLES}, ${TENANT_TABLES}
    select false as shared, n.nspname || '.' || c.relname as subject, format('%I.%I', n.nspname, c.relname) as identifier,
      quote_ident(k.conname) as constraint, t.subject as referenced, t.identifier as referenced_identifier,
      source.key_identifier as key, t.key_identifier as referenced_key,
      own.names as columns, other.names as referenced_columns,
      case k.confupdtype when 'c' then ' on update cascade' else '' end ||
        case k.confdeltype
          when 'c' then ' on delete cascade'
          when 'n' then ' on delete set null (' || array_to_string(own.names, ', ') || ')'
          when 'd' then ' on delete set default (' || array_to_string(own.names, ', ') || ')'
          else '' end ||
        case when k.condeferrable then ' deferrable' else '' end ||
        case when k.condeferred then ' initially deferred' else '' end as actions,
      exists (
        select from pg_index x
        where x.indrelid = t.oid and x.indisunique and x.indimmediate and x.indpred is null and x.indexprs is null
          and x.indkey::int2[] @> (k.confkey || t.key_number) and (k.confkey || t.key_number) @> x.indkey::int2[]
          and x.indnatts = x.indnkeyatts
      ) as keyed
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    join tenant_table t on t.oid = k.confrelid
    left join tenant_table source on source.oid = k.conrelid
    cross join lateral (${columnNames('k.conrelid', 'k.conkey')}) own
    cross join lateral (${columnNames('k.confrelid', 'k.confkey')}) other
    where k.contype = 'f' and k.conparentid = 0
      and not exists (
        select from unnest(k.conkey, k.confkey) pair(own, other)
        where pair.own = source.key_number and pair.other = t.key_number
      )
    union all
    select true, source.subject, source.identifier, quote_ident(k.conname), n.nspname || '.' || c.relname,
      format('%I.%I', n.nspname, c.relname), source.key_identifier, null, own.names, other.names, '', true
    from pg_constraint k
    join tenant_table source on source.oid = k.conrelid
    join pg_class c on c.oid = k.confrelid
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (${columnNames('k.conrelid', 'k.conkey')}) own
    cross join lateral (${columnNames('k.confrelid', 'k.confkey')}) other
    where k.contype = 'f' and k.conparentid = 0 and k.confrelid not in (select oid from tenant_table)
      and exists (
        select from reach
        where (k.confdeltype in ('c', 'n', 'd') and has_table_privilege(reach.oid, k.confrelid, 'DELETE'))
          or (k.confupdtype in ('c', 'n', 'd') and exists (
            select from unnest(k.confkey) changed where has_column_privilege(reach.oid, k.confrelid, changed, 'UPDATE')
          ))
      )`,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose: (row) => [
    {
      subject: row.subject,
      message: row.shared
        ? `its foreign key ${row.constraint} to ${row.referenced} changes or deletes rows with those of that table, which is everybody's ` +
          "and which the application may write: past all policies, one tenant's statement reaches the rows of every other."
        : `its foreign key ${row.constraint} to ${row.referenced} does not contain the tenant. PostgreSQL checks it without ` +
          "policies: a tenant can point at another's row, learn that it exists, and lose rows with it.",
      fix: repair(row),
    },
  ],
});

function repair({ key, referenced_key, ...row }: Row): string {
  if (row.shared) {
    return (
      `alter table ${row.identifier} drop constraint ${row.constraint}, add constraint ${row.constraint} foreign key ` +
      `(${row.columns.join(', ')}) references ${row.referenced_identifier} (${row.referenced_columns.join(', ')})`
    );
  }
  if (key === null || referenced_key === null) {
    return 'give both tables the column of the tenant, with policies on it, and make it part of the foreign key';
  }
  const own = [key, ...row.columns].join(', ');
  const other = [referenced_key, ...row.referenced_columns].join(', ');
  return (
    (row.keyed ? '' : `alter table ${row.referenced_identifier} add unique (${other}); `) +
    `alter table ${row.identifier} drop constraint ${row.constraint}, add constraint ${row.constraint} ` +
    `foreign key (${own}) references ${row.referenced_identifier} (${other})${row.actions}`
  );
}

function columnNames(table: string, numbers: string): string {
  return `
    select array_agg(quote_ident(a.attname) order by position) as names
    from unnest(${numbers}) with ordinality number(attnum, position)
    join pg_attribute a on a.attrelid = ${table} and a.attnum = number.attnum`;
}
