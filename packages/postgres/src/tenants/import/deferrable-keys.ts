import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';

interface Key {
  readonly name: string;
  readonly columns: readonly string[] | null;
}

/** Those that are checked by triggers, which do not fire while `session_replication_role` is `replica`; ON CONFLICT knows nothing of them. */
const DEFERRABLE = `select c.conname as name, case when c.contype <> 'x' then (select json_agg(a.attname order by k.n)
      from unnest(c.conkey) with ordinality k (number, n) join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number) end as columns
  from pg_constraint c where c.conrelid = $1::regclass and c.contype in ('p', 'u', 'x') and c.condeferrable`;

export async function isDeferrable(client: ClientBase, table: PlacedTable): Promise<boolean> {
  return (await readJson<Key>(client, DEFERRABLE, [quoteQualified(table)])).length > 0;
}

/**
 * Counts rows of the tenant whose key another row has, by keys that are checked at the end of a transaction only.
 *
 * @throws TenantsError `place_unusable` for an exclusion constraint of that kind.
 */
export async function deferredClashes(client: ClientBase, table: PlacedTable, tenant: string): Promise<number> {
  let clashes = 0;
  for (const { name, columns } of await readJson<Key>(client, DEFERRABLE, [quoteQualified(table)])) {
    if (columns === null) {
      throw new TenantsError(
        'place_unusable',
        `the exclusion constraint ${JSON.stringify(name)} of ${quoteQualified(table)} is deferrable, so that nothing would hold imported rows to it. ` +
          'Nothing was imported. Make it NOT DEFERRABLE.',
      );
    }
    const same = columns.map((column) => `o.${quoteIdentifier(column)} = t.${quoteIdentifier(column)}`).join(' and ');
    const [found] = await ask<'count'>(
      client,
      `select count(*) as count from ${quoteQualified(table)} t where ${isOwn(table, tenant, 't.')} and exists (
        select 1 from ${quoteQualified(table)} o where ${same} and (o.tableoid, o.ctid) <> (t.tableoid, t.ctid))`,
    );
    clashes += Number(found?.count);
  }
  return clashes;
}
