import type { TenantPlace } from '../../isolation/tenant-place.js';
import { quoteQualified } from '../../policies/quoting.js';
import { isTrue } from '../../protocol/ask.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import { connectToPlace } from '../places/connect.js';
import { tenantTables } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';
import type { MoveSettings } from './move-options.js';
import { isOwn } from './row-source.js';
import { refuseSource } from './sides.js';

/**
 * Refuses a move before anything of it is done.
 *
 * @throws TenantsError `tenant_state_refused`, `place_unusable`, `place_unreachable`.
 */
export async function refuseMove(
  { places }: MoveSettings,
  { id, status }: DirectoryTenant<unknown>,
  { from, to }: { readonly from: TenantPlace; readonly to: TenantPlace },
): Promise<void> {
  if (status !== 'active' && status !== 'suspended') {
    throw new TenantsError(
      'tenant_state_refused',
      `the tenant is ${status}, and only one that is active or suspended is moved. Nothing was done.`,
    );
  }
  if (from.server === to.server && from.kind === to.kind) {
    throw new TenantsError('tenant_state_refused', 'the tenant is there already. Nothing was done.');
  }
  await refuseSource(places, from);
  const client = await connectToPlace(
    places.connectionTo({ ...to, kind: 'rows', name: null }),
    `the server ${to.server}`,
  );
  try {
    if (to.kind !== 'rows') {
      const catalog = to.kind === 'schema' ? 'pg_namespace where nspname' : 'pg_database where datname';
      if (await isTrue(client, `select exists (select 1 from ${catalog} = $1) as answer`, [to.name])) throw taken(to);
    } else {
      for (const table of await tenantTables(client, to, places)) {
        const rows = `select 1 from ${quoteQualified(table)} where ${isOwn(table, id)}`;
        if (await isTrue(client, `select exists (${rows}) as answer`)) throw taken(to);
      }
    }
    await client.query('begin; set local session_replication_role = replica; rollback');
  } finally {
    await client.end().catch(() => {});
  }
}

function taken({ server, kind, name }: TenantPlace): TenantsError {
  const what = kind === 'rows' ? 'rows of this tenant' : `a ${kind} ${JSON.stringify(name)}`;
  return new TenantsError(
    'place_unusable',
    `there ${kind === 'rows' ? 'are' : 'is'} ${what} on ${server} already, which the move would overwrite. Nothing was done. Remove what is not needed.`,
  );
}
