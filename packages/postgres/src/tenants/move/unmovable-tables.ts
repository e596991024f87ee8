import type { ClientBase } from 'pg';
import { quoteQualified } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';

const INHERITED = `select i.inhrelid::regclass::text as child, i.inhparent::regclass::text as parent
  from pg_inherits i join pg_class c on c.oid = i.inhrelid and not c.relispartition
  where i.inhrelid = any ($1::regclass[]) or i.inhparent = any ($1::regclass[]) order by 1, 2`;

/** A row of another tenant may have the same value in those that are without the tenant's column. */
const UNHELD = `select c.conname as name, c.conrelid::regclass::text as relation
  from unnest($1::regclass[], $2::text[]) as t (relation, own)
  join pg_constraint c on c.conrelid = t.relation and c.contype in ('p', 'u', 'x') and c.condeferrable
  where not exists (select from unnest(c.conkey) with ordinality k (number, n)
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number and a.attname = t.own
    where c.contype <> 'x' or (select o.oprname from pg_operator o where o.oid = c.conexclop[k.n]) = '=') order by 2, 1`;

/** Newer servers have them for NOT NULL, too; one that is not enforced refuses nothing. */
const NOT_VALID = `select c.conname as name, c.conrelid::regclass::text as relation, n.n - 1 as place,
    case c.contype when 'c' then pg_get_expr(c.conbin, c.conrelid) else
      (select quote_ident(a.attname) || ' is not null' from pg_attribute a where a.attrelid = c.conrelid and a.attnum = c.conkey[1]) end as condition
  from unnest($1::regclass[]) with ordinality n (relation, n) join pg_constraint c on c.conrelid = n.relation
  where c.contype in ('c', 'n') and not c.convalidated and coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true) order by n.n, 1`;

/**
 * Refuses tables that inherit from one another, on either side.
 *
 * @throws TenantsError `place_unusable`.
 */
export async function refuseInherited(client: ClientBase, tables: readonly PlacedTable[]): Promise<void> {
  const [first] = await readJson<{ child: string; parent: string }>(client, INHERITED, [tables.map(quoteQualified)]);
  if (!first) return;
  const { child, parent } = first;
  throw new TenantsError(
    'place_unusable',
    `the table ${child} inherits from ${parent}, where each row of it is read once more, so that it would be copied twice. Nothing was done. ` +
      `Part them (ALTER TABLE ${child} NO INHERIT ${parent}), or make partitions of one table of them.`,
  );
}

/**
 * Refuses keys of the target that are checked by triggers, which do not fire for copied rows, where another tenant may have the same value.
 *
 * @throws TenantsError `place_unusable`.
 */
export async function refuseUnheldKeys(client: ClientBase, tables: readonly PlacedTable[]): Promise<void> {
  const [first] = await readJson<{ name: string; relation: string }>(client, UNHELD, [
    tables.map(quoteQualified),
    tables.map(({ tenantColumn }) => tenantColumn),
  ]);
  if (!first) return;
  throw new TenantsError(
    'place_unusable',
    `the key ${JSON.stringify(first.name)} of ${first.relation} is deferrable and without the tenant's column: nothing holds copied rows to it, so that one ` +
      "with the value of a row of another tenant would be let in. Nothing was done. Make it NOT DEFERRABLE, or make the tenant's column part of it.",
  );
}

/**
 * Refuses rows that a constraint has passed over, and that could not be written anew.
 *
 * @throws TenantsError `place_unusable`.
 */
export async function refuseInvalidRows(
  client: ClientBase,
  tables: readonly PlacedTable[],
  tenant: string,
): Promise<void> {
  interface Found {
    readonly name: string;
    readonly relation: string;
    readonly place: number;
    readonly condition: string;
  }
  for (const { name, relation, place, condition } of await readJson<Found>(client, NOT_VALID, [
    tables.map(quoteQualified),
  ])) {
    const table = tables[place] as PlacedTable;
    const wrong = `select 1 from ${quoteQualified(table)} where ${isOwn(table, tenant)} and (${condition}) is false`;
    if (!(await isTrue(client, `select exists (${wrong}) as answer`))) continue;
    throw new TenantsError(
      'place_unusable',
      `rows of the tenant break the constraint ${JSON.stringify(name)} of ${relation}, which is NOT VALID, so that they could not be written anywhere else. ` +
        `Nothing was done. Correct them, and ALTER TABLE ${relation} VALIDATE CONSTRAINT …`,
    );
  }
}
