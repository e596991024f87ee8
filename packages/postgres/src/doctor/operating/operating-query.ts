import { readRows } from '../../policies/read-rows.js';
import type { Severity } from '../diagnosis/rule.js';
import type { OperatingFinding, OperatingOptions, OperatingRule, OperatingRuleName } from './operating-rule.js';

interface Query<Row> {
  readonly name: OperatingRuleName;
  /** @defaultValue `'advice'` */
  readonly severity?: Severity;
  /** One query, whose columns are those of `Row`. It may use the table expression `tenant_table` of {@link TENANT_TABLES}. */
  readonly sql: string;
  /** Further values, from `$6` on. */
  readonly values?: (options: OperatingOptions) => readonly unknown[];
  readonly diagnose: (row: Row) => Pick<OperatingFinding, 'subject' | 'message' | 'fix'>;
}

/**
 * A table expression `tenant_table(oid, subject, identifier, tenant, tenant_number, rows)`: each table with a tenant column, partitions not among
 * them. `$1` schemas, `$2` shared and hidden tables, `$3` the tenant column, `$4` tables with another one and `$5` its name there.
 */
export const TENANT_TABLES = `tenant_table as (
  select c.oid, n.nspname || '.' || c.relname as subject, format('%I.%I', n.nspname, c.relname) as identifier,
    a.attname::text as tenant, a.attnum as tenant_number, greatest(c.reltuples, 0)::bigint as rows, c.relkind as kind
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  left join unnest($4::text[], $5::text[]) own (name, tenant) on own.name = n.nspname || '.' || c.relname
  join pg_attribute a on a.attrelid = c.oid and a.attname = coalesce(own.tenant, $3) and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any ($1)
    and (own.name is not null or not (n.nspname || '.' || c.relname = any ($2) or c.relname = any ($2)))
)`;

/** A rule that asks one query, and makes a finding of each row. */
export function operatingRule<Row>({ name, severity = 'advice', sql, values, diagnose }: Query<Row>): OperatingRule {
  return {
    name,
    async examine(connection, options) {
      const { schemas, shared, hidden = [], tenantColumn, columns } = options;
      const own = [schemas, [...shared, ...hidden], tenantColumn, Object.keys(columns), Object.values(columns)];
      // A parameter that the query does not name has no type, and one that stands alone has one.
      const typed = `with ${TENANT_TABLES}, asked as (${sql}) select * from asked`;
      const rows = await readRows(connection, typed, [...own, ...(values?.(options) ?? [])]);
      return (rows as readonly Row[]).map((row) => ({ rule: name, severity, ...diagnose(row) }));
    },
  };
}
