import type { ClientBase } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { LEDGER } from '../../migrations/ledger/ledger.js';
import { heldTables } from '../../policies/held-tables.js';
import { quoteIdentifier, quoteLiteral } from '../../policies/quoting.js';
import { AS_TEXT } from '../../protocol/as-text.js';
import { TenantsError } from '../tenants-error.js';
import type { TenantPlaces } from './tenant-places.js';

/** A column whose values are written; generated ones are not among them. */
export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly isNotNull: boolean;
}

/** A table with rows of a tenant, as it is in one place. */
export interface PlacedTable {
  readonly schema: string;
  readonly name: string;
  /** The column that holds the tenant's id; null where all rows of the table are the tenant's. */
  readonly tenantColumn: string | null;
  readonly columns: readonly TableColumn[];
  /** Columns of the primary key; empty where there is none. */
  readonly key: readonly string[];
  /** Tables, as `schema.name`, that its foreign keys refer to, itself not among them. */
  readonly parents: readonly string[];
  readonly isPartitioned: boolean;
}

interface Found extends Omit<PlacedTable, 'tenantColumn'> {}

/** Foreign keys in a circle: refused, or tables in one come last, where no order is needed. */
export type Circles = 'refused' | 'last';

/**
 * The tables that hold rows of a tenant in `place`, parents before children.
 *
 * @throws TenantFloorError `floor_misconfigured` for a table that is nobody's; TenantsError `place_unusable` for foreign keys in a circle.
 */
export async function tenantTables(
  client: ClientBase,
  place: TenantPlace,
  { policies }: Pick<TenantPlaces, 'policies'>,
  circles: Circles = 'refused',
): Promise<readonly PlacedTable[]> {
  const { schemas, tenantColumn = 'tenant_id', shared = [], hidden = [] } = policies;
  if (place.kind === 'schema') {
    // The migrations have made those that are nobody's there, too.
    const others = [...shared, ...hidden].map((table) => (typeof table === 'string' ? table : table.name));
    const bare = new Set(others.map((name) => name.slice(name.indexOf('.') + 1)));
    const found = await describe(client, [place.name as string], null);
    const own = found.filter(({ name }) => !bare.has(name)).map((table) => ({ ...table, tenantColumn: null }));
    return parentsFirst(own, circles);
  }
  const { tables } = await heldTables(client, policies);
  const columnOf = new Map(
    tables.map(({ schema = 'public', name, tenantColumn: own = tenantColumn }) => [`${schema}.${name}`, own]),
  );
  const found = await describe(client, schemas ?? ['public'], [...columnOf.keys()]);
  return parentsFirst(
    found.map((table) => ({ ...table, tenantColumn: columnOf.get(`${table.schema}.${table.name}`) as string })),
    circles,
  );
}

/** A partition is read and written through its table. */
async function describe(
  client: ClientBase,
  schemas: readonly string[],
  names: readonly string[] | null,
): Promise<readonly Found[]> {
  const { rows } = await client.query<{ found: string }>({
    text: SQL,
    values: [schemas, names, LEDGER],
    types: AS_TEXT,
  });
  return JSON.parse(rows[0]?.found ?? '[]');
}

const SQL = `
  select coalesce(json_agg(json_build_object(
    'schema', n.nspname, 'name', c.relname, 'isPartitioned', c.relkind = 'p',
    'columns', (select coalesce(json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'isNotNull', a.attnotnull) order by a.attnum), '[]')
      from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''),
    'key', (select coalesce(json_agg(a.attname order by k.place), '[]')
      from pg_catalog.pg_index i cross join unnest(i.indkey::int2[]) with ordinality as k (number, place)
      join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
      where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts),
    'parents', (select coalesce(json_agg(distinct rn.nspname || '.' || r.relname), '[]')
      from pg_catalog.pg_constraint f join pg_catalog.pg_class r on r.oid = f.confrelid
      join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
      where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid)
    ) order by n.nspname collate "C", c.relname collate "C"), '[]')::text as found
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any ($1::text[]) and c.relkind in ('r', 'p') and not c.relispartition
    and ($2::text[] is null or n.nspname || '.' || c.relname = any ($2)) and n.nspname || '.' || c.relname <> $3`;

/** In the order in which rows can be inserted. */
function parentsFirst(tables: readonly PlacedTable[], circles: Circles): readonly PlacedTable[] {
  const ordered: PlacedTable[] = [];
  let rest = tables;
  while (rest.length > 0) {
    const waiting = new Set(rest.map(({ schema, name }) => `${schema}.${name}`));
    const ready = rest.filter(({ parents }) => !parents.some((parent) => waiting.has(parent)));
    if (ready.length === 0) {
      if (circles === 'last') return [...ordered, ...rest];
      throw new TenantsError(
        'place_unusable',
        `the foreign keys of ${[...waiting].join(', ')} go round in a circle, so there is no order in which their rows could be ` +
          'written or removed. Nothing was done. Make one of the keys nullable and leave it out of the circle, or drop it.',
      );
    }
    ordered.push(...ready);
    rest = rest.filter((table) => !ready.includes(table));
  }
  return ordered;
}

/** A condition on the rows of a table: they are the tenant's. */
export function isOwn({ tenantColumn }: Pick<PlacedTable, 'tenantColumn'>, tenant: string, alias = ''): string {
  return tenantColumn === null ? 'true' : `${alias}${quoteIdentifier(tenantColumn)} = ${quoteLiteral(tenant)}`;
}
