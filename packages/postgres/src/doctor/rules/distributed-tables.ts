import { quoteLiteral } from '../../policies/quoting.js';
import { readRows } from '../../policies/read-rows.js';
import type { DoctorOptions, Finding, Queryable, Rule } from '../diagnosis/rule.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
}

/** Tables of Citus that lie elsewhere; one that was only made known to it stays here, and so do its policies. */
const DISTRIBUTED = `
  select n.nspname || '.' || c.relname as subject, format('%I.%I', n.nspname, c.relname) as identifier
  from pg_catalog.pg_dist_partition p join pg_class c on c.oid = p.logicalrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relrowsecurity and n.nspname = any ($1) and not (p.partmethod = 'n' and p.colocationid = 0)
  order by 1`;

/**
 * G7: Citus copies a table's policies to its nodes without `AS RESTRICTIVE` (seen on 13.0.5). The policy that gives access beside the one that keeps
 * tenants apart then shows every row to everybody, and the catalogs here say that all is well.
 */
export const distributedTables: Rule = {
  name: 'distributed-tables',
  severity: 'error',
  async examine(connection: Queryable, { schemas }: DoctorOptions): Promise<readonly Finding[]> {
    const [citus] = await readRows(
      connection,
      `select to_regclass('pg_catalog.pg_dist_partition') is not null as here`,
    );
    if ((citus as { readonly here: boolean }).here !== true) return [];
    const rows = (await readRows(connection, DISTRIBUTED, [schemas])) as readonly Row[];
    return rows.map(({ subject, identifier }) => ({
      rule: 'distributed-tables',
      severity: 'error',
      subject,
      message:
        'Citus has distributed it, and its nodes have copies of the policies that do not hold: none of them is restrictive there, and the tenant that a ' +
        "connection is bound to is not known. Every tenant's rows are shown to every other.",
      fix: `select undistribute_table(${quoteLiteral(identifier)}, cascade_via_foreign_keys => true); -- and for tenants that outgrow one server, servers of their own`,
    }));
  },
};
