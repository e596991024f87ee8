import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import type { PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';

/** A foreign key that refers to one of the tables. */
export interface Reference {
  readonly name: string;
  readonly from: { readonly schema: string; readonly name: string };
  readonly to: { readonly schema: string; readonly name: string };
  readonly columns: readonly string[];
  readonly referred: readonly string[];
  /** True where a row that is referred to cannot be deleted, as of NO ACTION and RESTRICT. */
  readonly isHolding: boolean;
  /** Columns of the key that may be NULL. */
  readonly nullable: readonly string[];
  /** Pages of the table that refers, which is read for each deleted row where no index leads to the key. */
  readonly pages: number;
  /** Columns of each of its indexes, in their order. */
  readonly indexes: readonly (readonly string[])[];
}

const SQL = `select f.conname as name, json_build_object('schema', fn.nspname, 'name', fc.relname) as "from",
    json_build_object('schema', tn.nspname, 'name', tc.relname) as "to", own.names as columns, referred.names as referred,
    f.confdeltype in ('a', 'r') as "isHolding", own.nullable,
    (pg_relation_size(fc.oid) + (select coalesce(sum(pg_relation_size(relid)), 0) from pg_partition_tree(fc.oid))) / 8192 as pages,
    (select coalesce(json_agg(columns), '[]') from pg_index i, lateral (
        select json_agg(a.attname order by k.n) as columns from unnest(i.indkey::int2[]) with ordinality k (number, n)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number where k.n <= i.indnkeyatts) keys
      where i.indrelid = fc.oid and i.indisvalid and i.indpred is null and keys.columns is not null) as indexes
  from pg_constraint f
    join pg_class fc on fc.oid = f.conrelid join pg_namespace fn on fn.oid = fc.relnamespace
    join pg_class tc on tc.oid = f.confrelid join pg_namespace tn on tn.oid = tc.relnamespace,
    lateral (select json_agg(a.attname order by k.n) as names,
        coalesce(json_agg(a.attname order by k.n) filter (where not a.attnotnull), '[]') as nullable
      from unnest(f.conkey) with ordinality k (number, n) join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number) own,
    lateral (select json_agg(a.attname order by k.n) as names
      from unnest(f.confkey) with ordinality k (number, n) join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number) referred
  where f.contype = 'f' and tn.nspname || '.' || tc.relname = any ($1) and fc.relkind in ('r', 'p')
    and (f.conparentid = 0 or not fc.relispartition)`;

/** Foreign keys that refer to `tables`, from wherever they do. */
export function referencesTo(client: ClientBase, tables: readonly PlacedTable[]): Promise<readonly Reference[]> {
  return readJson<Reference>(client, SQL, [tables.map(nameOf)]);
}

/** Page reads that are too many: about a second's. */
const MANY_READS = 200_000;

/**
 * @param rowsOf - the number of the tenant's rows in a table, by {@link nameOf}
 * @throws TenantsError `place_unusable` where each row that is deleted would read a whole table (O36), with the indexes to make.
 */
export function refuseMissingIndexes(
  references: readonly Reference[],
  tables: readonly PlacedTable[],
  rowsOf: ReadonlyMap<string, number>,
): void {
  const tenantColumns = new Map(tables.map((table) => [nameOf(table), table.tenantColumn]));
  const missing = references.filter(
    ({ from, to, columns, indexes, pages }) =>
      pages * (rowsOf.get(nameOf(to)) ?? 0) > MANY_READS &&
      !indexes.some((index) => leads(index, columns, tenantColumns.get(nameOf(from)) ?? null)),
  );
  if (missing.length === 0) return;
  const fixes = missing.map(
    ({ from, columns }) =>
      `create index concurrently on ${quoteQualified(from)} (${columns.map(quoteIdentifier).join(', ')});`,
  );
  throw new TenantsError(
    'place_unusable',
    'each row that is deleted would read the whole of a table that refers to it by a foreign key without an index. No row was deleted. ' +
      `Make what is missing: ${fixes.join(' ')}`,
  );
}

/** By the tenant alone, an index leads to all of its rows for each that is deleted. */
function leads(index: readonly string[], columns: readonly string[], tenantColumn: string | null): boolean {
  const other = index.findIndex((column) => !columns.includes(column));
  const leading = index.slice(0, other === -1 ? undefined : other);
  return leading.length === columns.length || leading.some((column) => column !== tenantColumn);
}

/** References by which a row that is not the tenant's may be tied to one that is. */
export function looseReferences(
  references: readonly Reference[],
  tables: readonly PlacedTable[],
): readonly LooseReference[] {
  const tenantColumns = new Map(tables.map((table) => [nameOf(table), table.tenantColumn]));
  return references.flatMap((reference) => {
    const from = tenantColumns.get(nameOf(reference.from)) ?? null;
    const to = tenantColumns.get(nameOf(reference.to)) ?? null;
    const isWithin = reference.columns.some((column, n) => column === from && reference.referred[n] === to);
    return isWithin ? [] : [{ ...reference, tenantColumn: from }];
  });
}

/** A {@link Reference}, with the column of the tenant in the table that refers, where it has one. */
export interface LooseReference extends Reference {
  readonly tenantColumn: string | null;
}

/**
 * Refuses to take a row along, or to change one, that is another tenant's or everybody's (O36).
 *
 * @param rows - a condition on the rows `p` that are deleted, as SQL
 * @throws TenantsError `place_unusable`.
 */
export async function refuseForeignRows(
  client: ClientBase,
  references: readonly LooseReference[],
  tenant: string,
  rows: string,
): Promise<void> {
  for (const { name, from, to, columns, referred, tenantColumn } of references) {
    const tied = columns.map(
      (column, n) => `c.${quoteIdentifier(column)} = p.${quoteIdentifier(referred[n] as string)}`,
    );
    const isForeign =
      tenantColumn === null ? 'true' : `c.${quoteIdentifier(tenantColumn)} is distinct from ${quoteLiteral(tenant)}`;
    const text = `select exists (select 1 from ${quoteQualified(from)} c join ${quoteQualified(to)} p on ${tied.join(' and ')}
      where ${isForeign} and ${rows}) as answer`;
    if (!(await isTrue(client, text))) continue;
    throw new TenantsError(
      'place_unusable',
      `rows of ${quoteQualified(from)} that are not this tenant's refer to rows of it by the foreign key ${JSON.stringify(name)}, and would go or ` +
        'change with them. None of these was deleted. Correct those rows, and run again.',
    );
  }
}

export function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}
