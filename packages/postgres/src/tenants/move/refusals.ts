import type { TenantPlace } from '../../isolation/tenant-place.js';
import { quoteQualified } from '../../policies/quoting.js';
import { ask, isTrue } from '../../protocol/ask.js';
import { refuseForeignPlace } from '../delete/foreign-place.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import { refuseAlwaysTriggers } from '../places/always-triggers.js';
import { connectToPlace } from '../places/connect.js';
import { isOwn, type PlacedTable, tenantTables } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';
import type { MoveResult, MoveSettings } from './move-options.js';
import { pairTables } from './row-source.js';
import { refuseInherited, refuseInvalidRows, refuseUnheldKeys } from './unmovable-tables.js';
import { refuseNumbersOfObjects } from './unmovable-values.js';

/**
 * Refuses a move before anything of it is done.
 *
 * @returns the tables of the source, with their rows where it is a dry run
 * @throws TenantsError `tenant_state_refused`, `place_unusable`, `place_unreachable`.
 */
export async function refuseMove(
  { directory, places, dryRun }: Pick<MoveSettings, 'directory' | 'places' | 'dryRun'>,
  tenant: DirectoryTenant<unknown>,
  { from, to }: { readonly from: TenantPlace; readonly to: TenantPlace },
): Promise<MoveResult['tables']> {
  const { id, status } = tenant;
  if (status !== 'active' && status !== 'suspended') {
    throw new TenantsError(
      'tenant_state_refused',
      `the tenant is ${status}, and only one that is active or suspended is moved. Nothing was done.`,
    );
  }
  if (from.server === to.server && from.kind === to.kind) {
    throw new TenantsError('tenant_state_refused', 'the tenant is there already. Nothing was done.');
  }
  // The end of the move drops it.
  await refuseForeignPlace(directory, places, { ...tenant, place: from });
  const { tables, counted } = await readSource({ places, dryRun }, id, from, to);
  const client = await connectToPlace(
    places.connectionTo({ ...to, kind: 'rows', name: null }),
    `the server ${to.server}`,
  );
  try {
    if (to.kind !== 'rows') {
      const catalog = to.kind === 'schema' ? 'pg_namespace where nspname' : 'pg_database where datname';
      if (await isTrue(client, `select exists (select 1 from ${catalog} = $1) as answer`, [to.name])) throw taken(to);
    } else {
      const targets = await tenantTables(client, to, places);
      await refuseAlwaysTriggers(client, targets);
      await refuseInherited(client, targets);
      await refuseUnheldKeys(client, targets);
      pairTables(tables, targets);
      for (const table of targets) {
        const rows = `select 1 from ${quoteQualified(table)} where ${isOwn(table, id)}`;
        if (await isTrue(client, `select exists (${rows}) as answer`)) throw taken(to);
      }
    }
    await client.query('begin; set local session_replication_role = replica; rollback');
    return counted;
  } finally {
    await client.end().catch(() => {});
  }
}

async function readSource(
  { places, dryRun }: Pick<MoveSettings, 'places' | 'dryRun'>,
  tenant: string,
  from: TenantPlace,
  to: TenantPlace,
): Promise<{ readonly tables: readonly PlacedTable[]; readonly counted: MoveResult['tables'] }> {
  const source = await connectToPlace(places.connectionTo(from), `the place of the tenant, on ${from.server}`);
  try {
    const tables = await tenantTables(source, from, places);
    await refuseInherited(source, tables);
    // In a schema of its own all have the same one.
    pairTables(
      tables,
      to.kind === 'schema' ? tables.map((table) => ({ ...table, schema: to.name as string })) : tables,
    );
    await refuseAlwaysTriggers(source, tables);
    await refuseInvalidRows(source, tables, tenant);
    const isSameDatabase = from.server === to.server && from.kind !== 'database' && to.kind !== 'database';
    await refuseNumbersOfObjects(source, tables, tenant, isSameDatabase);
    const counted: { name: string; rows: number }[] = [];
    for (const table of tables) {
      // Also shows whether the role sees them all.
      const rows = `select 1 from ${quoteQualified(table)} where ${isOwn(table, tenant)}${dryRun ? '' : ' limit 0'}`;
      const [found] = await ask<'count'>(source, `select count(*) as count from (${rows}) r`);
      counted.push({ name: table.name, rows: Number(found?.count) });
    }
    return { tables, counted };
  } finally {
    await source.end().catch(() => {});
  }
}

function taken({ server, kind, name }: TenantPlace): TenantsError {
  const what = kind === 'rows' ? 'rows of this tenant' : `a ${kind} ${JSON.stringify(name)}`;
  return new TenantsError(
    'place_unusable',
    `there ${kind === 'rows' ? 'are' : 'is'} ${what} on ${server} already, which the move would overwrite. Nothing was done. Remove what is not needed.`,
  );
}
