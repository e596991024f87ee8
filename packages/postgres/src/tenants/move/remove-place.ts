import type { TenantPlace } from '../../isolation/tenant-place.js';
import { ask } from '../../protocol/ask.js';
import { deleteRows } from '../delete/delete-rows.js';
import { connectToServer, dropDatabase, dropSchema } from '../delete/own-place.js';
import { looseReferences, referencesTo } from '../delete/references.js';
import { Fence } from '../fence/fence.js';
import { connectToPlace } from '../places/connect.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { tenantTables } from '../places/tenant-tables.js';
import { ChangeLog } from './change-log.js';

/** A place that nobody is led to any more, or not yet. */
export interface Removal {
  readonly places: TenantPlaces;
  readonly tenant: string;
  readonly place: TenantPlace;
  readonly signal: AbortSignal | undefined;
}

/** Milliseconds of one try to get a lock, and of all tries. */
const PATIENCE = { lockTimeoutMillis: 100, lockPatienceMillis: 60_000 };

/**
 * Removes what a tenant has in a place: its rows, its schema or its database. Where nothing is there, nothing is done.
 *
 * @throws TenantsError `place_unusable` where rows or objects of others depend on it.
 */
export async function removePlace({ places, tenant, place, signal }: Removal): Promise<void> {
  if (place.kind === 'database') return dropDatabase(places, place);
  const client = await connectToServer(places, place.server);
  try {
    if (place.kind === 'schema') return await dropSchema(client, place.name as string, { ...PATIENCE, signal });
    const tables = await tenantTables(client, place, places);
    const loose = looseReferences(await referencesTo(client, tables), tables);
    // The application's triggers would take it for a deletion.
    const passing = `${new Fence({ client, tenant, tables: [] }).passing}; set local session_replication_role = replica`;
    for (const table of tables.toReversed()) {
      await deleteRows(table, {
        client,
        tenant,
        passing,
        references: [],
        loose,
        signal,
        application: null,
        onBatch: () => {},
      });
    }
  } finally {
    await client.end().catch(() => {});
  }
}

/** Takes the fence and the log of a tenant away from a database. Where that is gone, so are they. */
export async function removeScaffolding({ places, tenant, place, signal }: Removal): Promise<void> {
  const server = await connectToServer(places, place.server);
  const there = await ask(server, 'select from pg_database where datname = $1', [place.name]).finally(() =>
    server.end(),
  );
  if (place.kind === 'database' && there.length === 0) return;
  const client = await connectToPlace(places.connectionTo(place), `the place of the tenant, on ${place.server}`);
  try {
    const patience = { ...PATIENCE, signal };
    await new ChangeLog({ client, tenant, tables: [], ...patience }).remove();
    await new Fence({ client, tenant, tables: [], ...patience }).remove();
  } finally {
    await client.end().catch(() => {});
  }
}
