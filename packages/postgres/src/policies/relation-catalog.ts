import type { CatalogConnection } from './catalog-connection.js';
import { holdsTenant, PARTS } from './descendants.js';
import { TENANT_COLUMN_TYPES, type TenantColumnType } from './policy-body.js';
import { readRows } from './read-rows.js';

/** The library's own record of migrations, which is no tenant's table. */
export const LEDGER = 'public.tenancy_migrations';

/** The library's own record of changes, on which nobody but its owner has rights. */
export const CHANGES = 'public.tenancy_changes';

/** A tenant column's type by the name that policies are compiled for, or as PostgreSQL calls it. */
export const COLUMN_TYPE = `case format_type(a.atttypid, null)
    when 'character varying' then 'varchar' else format_type(a.atttypid, null) end`;

/** True when the relation `c` came with an extension, which says itself who may read it. */
export const FROM_EXTENSION = `exists (
  select from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
)`;

/** The columns of the relation `c` that are the tenant column in another spelling, such as `tenantId` for `tenant_id`. */
export function columnsAlike(tenantColumn: string): string {
  const plain = (name: string) => `replace(lower(${name}), '_', '')`;
  return `array(
    select w.attname::text from pg_catalog.pg_attribute w
    where w.attrelid = c.oid and w.attnum > 0 and not w.attisdropped and w.attname <> ${tenantColumn}
      and ${plain('w.attname')} = ${plain(tenantColumn)}
    order by w.attnum
  )`;
}

/** One table or view, or a row with `name` null for a schema that holds none. */
export interface CatalogRelation {
  readonly schema: string;
  readonly schemaExists: boolean;
  readonly name: string | null;
  readonly kind: 'table' | 'view' | 'materialised view' | 'foreign table';
  /** The type of the tenant column; null when there is no such column. */
  readonly type: string | null;
  readonly nullable: boolean;
  readonly deterministic: boolean;
  readonly fromExtension: boolean;
  /** The tables that inherit from it, at any depth, and have the tenant column or policies, as `schema.name`. */
  readonly keepers: readonly string[];
  /** All that it inherits from, as `schema.name`. */
  readonly ancestors: readonly string[];
  /** The columns that differ from the tenant column's name only in case and underscores. */
  readonly alike: readonly string[];
}

export type NamedRelation = CatalogRelation & { readonly name: string };

/** Every table, partition, view, materialised view and foreign table of the schemas, in one query. */
export async function readRelations(
  connection: CatalogConnection,
  schemas: readonly string[],
  tenantColumn: string,
): Promise<readonly CatalogRelation[]> {
  return (await readRows(connection, RELATIONS, [[...schemas], tenantColumn])) as readonly CatalogRelation[];
}

/** True when a tenant condition can be compiled for the column as it is. */
export function isTenantColumn<Relation extends Pick<CatalogRelation, 'type' | 'deterministic'>>(
  relation: Relation,
): relation is Relation & { type: TenantColumnType } {
  return relation.deterministic && TENANT_COLUMN_TYPES.some((type) => type === relation.type);
}

// Never information_schema: it hides what this role has no rights on, and takes seconds.
const RELATIONS = `
  with recursive ${PARTS}
  select s.name as schema, n.oid is not null as "schemaExists", c.relname::text as name,
    case c.relkind when 'v' then 'view' when 'm' then 'materialised view' when 'f' then 'foreign table' else 'table' end
      as kind,
    ${COLUMN_TYPE} as type,
    coalesce(not a.attnotnull, false) as nullable,
    coalesce(l.collisdeterministic, true) as deterministic,
    ${FROM_EXTENSION} as "fromExtension",
    array(
      select distinct d.nspname || '.' || c.relname
      from part join pg_catalog.pg_class c on c.oid = part.oid join pg_catalog.pg_namespace d on d.oid = c.relnamespace
      where part.top = relation.oid and ${holdsTenant('$2')} order by 1
    ) as keepers,
    array(
      select distinct d.nspname || '.' || u.relname
      from part join pg_catalog.pg_class u on u.oid = part.top join pg_catalog.pg_namespace d on d.oid = u.relnamespace
      where part.oid = c.oid order by 1
    ) as ancestors,
    ${columnsAlike('$2')} as alike
  from unnest($1::text[]) as s (name)
  left join pg_catalog.pg_namespace n on n.nspname = s.name
  left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
  left join pg_catalog.pg_class relation on relation.oid = c.oid
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = $2 and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_collation l on l.oid = a.attcollation
  order by s.name collate "C", c.relname collate "C"`;
