import { readRows } from '../../policies/read-rows.js';
import type { Queryable } from '../diagnosis/rule.js';
import { TENANT_TABLES } from './operating-query.js';
import type { OperatingFinding, OperatingOptions, OperatingRule } from './operating-rule.js';

/** The part of a table that is one tenant's, as PostgreSQL's statistics estimate it. */
export interface TenantShare {
  /** `schema.name`. */
  readonly table: string;
  readonly tenant: string;
  /** From 0 to 1. */
  readonly share: number;
  /** About how many rows that is. */
  readonly rows: number;
}

/** The share of a large table from which on one tenant weighs more than all others. */
const DOMINANT = 0.5;

/** The largest tenants of each table, out of what ANALYZE has seen: no table is read. It needs a role that no policy holds. */
export async function tenantShares(
  connection: Queryable,
  { schemas, shared, hidden = [], tenantColumn, columns }: OperatingOptions,
): Promise<readonly TenantShare[]> {
  const rows = await readRows(
    connection,
    `with ${TENANT_TABLES}
      select t.subject as table, value.tenant, round(value.share::numeric, 4) as share, round(value.share * t.rows)::bigint as rows
      from tenant_table t
      join pg_class c on c.oid = t.oid join pg_namespace n on n.oid = c.relnamespace
      join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = t.tenant and s.inherited = (t.kind = 'p')
      cross join lateral unnest(s.most_common_vals::text::text[], s.most_common_freqs) value (tenant, share)
      where t.rows > 0
      order by value.share * t.rows desc, t.subject, value.tenant limit 20`,
    [schemas, [...shared, ...hidden], tenantColumn, Object.keys(columns), Object.values(columns)],
  );
  return rows as readonly TenantShare[];
}

/** One tenant that is most of a table decides its plans and its vacuums. A finding does not name it; the report's shares do. */
export const tenantSkew: OperatingRule = {
  name: 'tenant-skew',
  async examine(connection, options) {
    const shares = await tenantShares(connection, options);
    return shares
      .filter(({ share, rows }) => share >= DOMINANT && rows >= 10 * options.largeTable)
      .map(
        ({ table, share, rows }): OperatingFinding => ({
          rule: 'tenant-skew',
          severity: 'advice',
          subject: table,
          message: `${Math.round(share * 100)} % of it, about ${rows} rows, are one tenant's, which the shares of this report name. Plans and vacuums are made for that one.`,
          fix: '-- move it to a schema, a database or a server of its own: docs/moving-a-tenant.md',
        }),
      );
  },
};
