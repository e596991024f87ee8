import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';

/** A column whose values may be numbers of objects of the database. */
interface NumberColumn {
  readonly place: number;
  readonly name: string;
  readonly type: string;
  readonly isList: boolean;
  /** True where it stands in another type, where it is not looked for. */
  readonly isInside: boolean;
}

/** Domains, lists, composite types and ranges are followed to what they are made of. */
const NUMBERS = `with recursive used (place, name, type, "isList", "isInside") as (
    select n.n - 1, a.attname, a.atttypid, false, false from unnest($1::regclass[]) with ordinality n (relation, n)
      join pg_attribute a on a.attrelid = n.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    union
    select u.place, u.name, p.type, u."isList" or p.is_list, u."isInside" or p.is_inside from used u join pg_type t on t.oid = u.type cross join lateral (
      select t.typbasetype as type, false as is_list, false as is_inside where t.typtype = 'd'
      union all select t.typelem, true, false where t.typcategory = 'A' and t.typelem <> 0
      union all select a.atttypid, false, true from pg_attribute a where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
      union all select r.rngsubtype, false, true from pg_range r where t.oid in (r.rngtypid, r.rngmultitypid)) p)
  select u.place, u.name, t.typname as type, u."isList", u."isInside" from used u join pg_type t on t.oid = u.type
    where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype = 'b' and (t.typname = 'oid' or t.typname ~ '^reg')`;

/** Objects with a lower number come with the server, under the same name everywhere. */
const FIRST_OF_ITS_OWN = 16_384;

/**
 * Refuses values that mean something in one database alone: names of objects of the application, by their number, and large objects.
 *
 * @param isSameDatabase - true where large objects stay where they are
 * @throws TenantsError `place_unusable`.
 */
export async function refuseNumbersOfObjects(
  client: ClientBase,
  tables: readonly PlacedTable[],
  tenant: string,
  isSameDatabase: boolean,
): Promise<void> {
  for (const column of await readJson<NumberColumn>(client, NUMBERS, [tables.map(quoteQualified)])) {
    const { place, name, type, isList, isInside } = column;
    const isNumber = type === 'oid';
    if (isNumber && (isSameDatabase || isInside)) continue;
    const table = tables[place] as PlacedTable;
    const value = quoteIdentifier(name);
    const rows = `from ${quoteQualified(table)} x cross join lateral (select v from ${isList ? `unnest(x.${value}) v` : `(select x.${value} as v) one`}) y
      where ${isOwn(table, tenant, 'x.')}`;
    const condition = isNumber
      ? 'exists (select from pg_largeobject_metadata l where l.oid = y.v)'
      : `y.v::oid >= ${FIRST_OF_ITS_OWN}`;
    if (!isInside && !(await isTrue(client, `select exists (select ${rows} and ${condition}) as answer`))) continue;
    throw new TenantsError(
      'place_unusable',
      `the column ${JSON.stringify(name)} of ${quoteQualified(table)} ${
        isNumber
          ? 'refers to large objects, which are of one database and are not copied. Nothing was done. Keep them in a column of bytea, or outside of the database.'
          : `has values of ${type} that name an object of the application, which is another one in another place. Nothing was done. Keep the name as text.`
      }`,
    );
  }
}
