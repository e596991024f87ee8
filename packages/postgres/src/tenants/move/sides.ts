import type { Client } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { quoteLiteral } from '../../policies/quoting.js';
import { connectToPlace } from '../places/connect.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { tenantTables } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';
import { pairTables, type TablePair } from './row-source.js';
import type { Sides } from './transfer.js';

/** Both sides of a move, connected, and a connection to the source that the fence has to itself. */
export interface ConnectedSides extends Sides {
  readonly fencing: Client;
  /** Another connection to the source, for its snapshot of the round before. */
  readonly earlier: Client;
  readonly pairs: readonly TablePair[];
  /**
   * Looks on the connection of the fence.
   *
   * @throws TenantsError `operation_failed` where the tables of the source are not what they were.
   */
  refuseChanged(): Promise<void>;
}

/** Milliseconds for what an earlier process left to notice that its client is gone. */
const LEFT_MILLIS = 10_000;

/** Runs `work` with both sides, and closes their connections. */
export async function withSides<R>(
  { places, tenant, from, to }: { places: TenantPlaces; tenant: string; from: TenantPlace; to: TenantPlace },
  work: (sides: ConnectedSides) => Promise<R>,
): Promise<R> {
  const clients: Client[] = [];
  const connect = async (place: TenantPlace, where: string) => {
    const client = await connectToPlace(places.connectionTo(place), `${where} of the tenant, on ${place.server}`);
    clients.push(client);
    return client;
  };
  try {
    const source = await connect(from, 'the place');
    const fencing = await connect(from, 'the place');
    const earlier = await connect(from, 'the place');
    const target = await connect(to, 'the new place');
    await lockTarget(target, tenant);
    const tables = await tenantTables(source, from, places);
    const pairs = pairTables(tables, await tenantTables(target, to, places));
    return await work({
      ...{ tenant, source, fencing, earlier, target, pairs },
      async refuseChanged() {
        if (JSON.stringify(await tenantTables(fencing, from, places)) === JSON.stringify(tables)) return;
        throw new TenantsError(
          'operation_failed',
          'the tables of the tenant were changed while it was moved. Nothing was switched: the tenant is where it was. Bring both sides up to ' +
            'date with `migrate`, end the move with `abandonMove`, and begin it again.',
        );
      },
    });
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}

/** A process that lost the lock of the operation may still be at work there. */
async function lockTarget(target: Client, tenant: string): Promise<void> {
  try {
    await target.query(`set lock_timeout = ${LEFT_MILLIS};
      select pg_advisory_lock(hashtextextended(${quoteLiteral(`@tenancy move ${tenant}`)}, 0)); set lock_timeout = 0`);
  } catch (cause) {
    if ((cause as { readonly code?: string }).code !== '55P03') throw cause;
    throw new TenantsError(
      'tenant_busy',
      'another process is moving this tenant. Nothing was done. Wait until it has ended.',
      {
        cause,
      },
    );
  }
}
