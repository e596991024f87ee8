import { readRows } from '../../policies/read-rows.js';
import type { Queryable } from '../diagnosis/rule.js';
import { TENANT_TABLES } from '../operating/operating-query.js';
import type { OperatingOptions } from '../operating/operating-rule.js';

/** A table as it would be distributed, or copied to each node where it has no tenant. */
export interface CitusTable {
  readonly subject: string;
  readonly identifier: string;
  /** The tenant column as SQL writes it; null for a table that is everybody's. */
  readonly tenant: string | null;
  /** With its collation, where that is not the database's. */
  readonly type: string | null;
  readonly isNullable: boolean;
  readonly isGenerated: boolean;
  /** Primary keys, unique ones and exclusions that do not contain the tenant. */
  readonly keys: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly kind: 'primary key' | 'unique' | 'unique index' | 'exclusion';
  }[];
  readonly references: readonly {
    readonly name: string;
    readonly to: string;
    readonly columns: readonly string[];
    readonly others: readonly string[];
    /** True where the tenant of one side refers to the tenant of the other. */
    readonly hasTenant: boolean;
    /** True where the table that it refers to has a tenant. */
    readonly isTenants: boolean;
    readonly onDelete: string;
    /** All of it, as SQL writes it after the name. */
    readonly definition: string;
  }[];
  readonly triggers: readonly string[];
  readonly isInherited: boolean;
}

const NAMES = (numbers: string, table: string) => `(
    select coalesce(json_agg(quote_ident(a.attname) order by named.place), '[]') from unnest(${numbers}) with ordinality named (number, place)
    join pg_attribute a on a.attrelid = ${table} and a.attnum = named.number
  )`;

/** The tables with a tenant, and those that are shared, in one query. */
export async function citusTables(
  connection: Queryable,
  { schemas, shared, hidden = [], tenantColumn, columns }: OperatingOptions,
): Promise<readonly CitusTable[]> {
  const rows = await readRows(connection, SQL, [
    schemas,
    [...shared, ...hidden],
    tenantColumn,
    Object.keys(columns),
    Object.values(columns),
    shared,
  ]);
  return rows as readonly CitusTable[];
}

const SQL = `with ${TENANT_TABLES}, every_table as (
    select oid, subject, identifier, tenant_number from tenant_table
    union all
    select c.oid, n.nspname || '.' || c.relname, format('%I.%I', n.nspname, c.relname), null
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any ($1)
      and (n.nspname || '.' || c.relname = any ($6::text[]) or c.relname = any ($6::text[])) and c.oid not in (select oid from tenant_table)
  )
  select t.subject, t.identifier, quote_ident(a.attname) as tenant, format_type(a.atttypid, a.atttypmod) || case when a.attcollation in (0, 'pg_catalog.default'::regcollation) then '' else ' collate ' || a.attcollation::regcollation end as type,
    not coalesce(a.attnotnull, true) as "isNullable", coalesce(a.attgenerated <> '', false) as "isGenerated",
    coalesce((
      select json_agg(json_build_object(
        'name', quote_ident(x.relname), 'columns', ${NAMES('(i.indkey::int2[])[0:i.indnkeyatts - 1]', 't.oid')},
        'kind', case when i.indisprimary then 'primary key' when i.indisexclusion then 'exclusion' when k.oid is null then 'unique index' else 'unique' end
      ) order by x.relname)
      from pg_index i join pg_class x on x.oid = i.indexrelid
      left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x')
      where i.indrelid = t.oid and (i.indisunique or i.indisexclusion) and t.tenant_number is not null
        and not (t.tenant_number = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
    ), '[]') as keys,
    coalesce((
      select json_agg(json_build_object(
        'name', quote_ident(k.conname), 'to', other.subject, 'columns', ${NAMES('k.conkey', 't.oid')}, 'others', ${NAMES('k.confkey', 'k.confrelid')},
        'hasTenant', exists (
          select from unnest(k.conkey, k.confkey) pair (own, other_number) where own = t.tenant_number and other_number = other.tenant_number
        ),
        'isTenants', other.tenant_number is not null,
        'onDelete', case k.confdeltype when 'c' then ' on delete cascade' when 'n' then ' on delete set null' when 'd' then ' on delete set default'
          when 'r' then ' on delete restrict' else '' end,
        'definition', pg_get_constraintdef(k.oid)
      ) order by k.conname)
      from pg_constraint k join every_table other on other.oid = k.confrelid
      where k.conrelid = t.oid and k.contype = 'f'
    ), '[]') as references,
    coalesce((select json_agg(quote_ident(tgname) order by tgname) from pg_trigger where tgrelid = t.oid and not tgisinternal), '[]') as triggers,
    exists (
      select from pg_inherits h join pg_class c on c.oid = h.inhrelid where t.oid in (h.inhrelid, h.inhparent) and not c.relispartition
    ) as "isInherited"
  from every_table t left join pg_attribute a on a.attrelid = t.oid and a.attnum = t.tenant_number
  order by t.subject collate "C"`;
