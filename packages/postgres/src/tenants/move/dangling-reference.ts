import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';

interface ForeignKey {
  readonly name: string;
  readonly relation: string;
  readonly referred: string;
  /** As `schema.name`. */
  readonly place: string;
  readonly columns: readonly string[];
  readonly keys: readonly string[];
}

/** Those that hold, and none for a partition alone; newer servers also have such as are not enforced, and such as are about periods. */
const FOREIGN_KEYS = `select f.conname as name, f.conrelid::regclass::text as relation, f.confrelid::regclass::text as referred,
    (select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = f.confrelid) as place,
    (select json_agg(a.attname order by k.n) from unnest(f.conkey) with ordinality k (number, n)
      join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number) as columns,
    (select json_agg(a.attname order by k.n) from unnest(f.confkey) with ordinality k (number, n)
      join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number) as keys
  from pg_constraint f where f.contype = 'f' and f.conrelid = $1::regclass and f.convalidated and f.conparentid = 0
    and coalesce((to_jsonb(f) ->> 'conenforced')::boolean, true) and not coalesce((to_jsonb(f) ->> 'conperiod')::boolean, false)`;

/** Rows that are looked at, and those that they may refer to. */
export interface ReferenceCheck {
  /**
   * A condition on the rows that refer, as SQL.
   * @defaultValue `'true'`
   */
  readonly condition?: string;
  /**
   * Tables of tenants, of which a row may refer to the tenant's own alone. Rows of all other tables that are referred to are locked, as a foreign
   * key's trigger would do, so that none goes before the commit.
   * @defaultValue a row may refer to every row, and none is locked
   */
  readonly tables?: readonly PlacedTable[];
}

/**
 * Looks whether each row of the tenant that refers to another one finds it: no trigger did when it was copied (O36).
 *
 * @returns in words, which rows refer to what is not there; null where there are none
 */
export async function danglingReference(
  client: ClientBase,
  table: PlacedTable,
  tenant: string,
  { condition = 'true', tables }: ReferenceCheck,
): Promise<string | null> {
  for (const key of await readJson<ForeignKey>(client, FOREIGN_KEYS, [quoteQualified(table)])) {
    const { name, relation, referred, place, columns, keys } = key;
    const set = columns.map((column) => `t.${quoteIdentifier(column)} is not null`);
    const tied = columns.map((column, n) => `t.${quoteIdentifier(column)} = p.${quoteIdentifier(keys[n] as string)}`);
    const rows = `select * from ${relation} where ${isOwn(table, tenant)} and ${condition}`;
    const own = tables?.find(({ schema, name: other }) => `${schema}.${other}` === place);
    if (own) tied.push(isOwn(own, tenant, 'p.'));
    else if (tables) {
      const kept = `select from ${referred} p where exists (select 1 from (${rows}) t where ${tied.join(' and ')}) for key share`;
      await client.query(`select count(*) from (${kept}) kept`);
    }
    const isDangling = await isTrue(
      client,
      `select exists (select 1 from (${rows}) t where ${set.join(' and ')}
        and not exists (select 1 from ${referred} p where ${tied.join(' and ')})) as answer`,
    );
    if (isDangling) {
      return `rows of ${relation} refer by the foreign key ${JSON.stringify(name)} to rows of ${referred} that are not there`;
    }
  }
  return null;
}
