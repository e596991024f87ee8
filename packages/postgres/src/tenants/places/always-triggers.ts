import type { ClientBase } from 'pg';
import { quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { TenantsError } from '../tenants-error.js';
import type { PlacedTable } from './tenant-tables.js';

/**
 * Refuses tables whose triggers fire while rows are copied as they are: what such a trigger writes would be there twice, or be somebody else's, since
 * no policy holds whoever copies.
 *
 * @throws TenantsError `place_unusable`.
 */
export async function refuseAlwaysTriggers(
  client: ClientBase,
  tables: readonly Pick<PlacedTable, 'schema' | 'name'>[],
): Promise<void> {
  const found = await ask<'trigger' | 'relation'>(
    client,
    `select t.tgname as trigger, t.tgrelid::regclass::text as relation from pg_trigger t, unnest($1::text[]) named
      where not t.tgisinternal and t.tgenabled in ('A', 'R')
        and (t.tgrelid = named::regclass or t.tgrelid in (select relid from pg_partition_tree(named::regclass))) order by 1, 2`,
    [tables.map(quoteQualified)],
  );
  const [first] = found;
  if (!first) return;
  throw new TenantsError(
    'place_unusable',
    `the trigger ${JSON.stringify(first.trigger)} of ${first.relation} is ENABLE ALWAYS or REPLICA, so it would fire for rows that are copied as they are. ` +
      `Nothing was done. Enable it as usual meanwhile: ALTER TABLE ${first.relation} ENABLE TRIGGER …`,
  );
}
