import type { TenantPlace } from '../../isolation/tenant-place.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { Fence } from '../fence/fence.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { connectToPlace } from '../places/connect.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { tenantTables } from '../places/tenant-tables.js';
import { ChangeLog } from './change-log.js';
import { isOwn } from './row-source.js';

/** A place that nobody is led to any more, or not yet. */
export interface Removal {
  readonly places: TenantPlaces;
  readonly tenant: string;
  readonly place: TenantPlace;
  readonly signal: AbortSignal | undefined;
}

/** Rows that are deleted in one transaction: others wait behind its locks. */
const BATCH = 5_000;

/** Removes what a tenant has in a place: its rows, its schema or its database. Where nothing is there, nothing is done. */
export async function removePlace({ places, tenant, place, signal }: Removal): Promise<void> {
  const client = await connectToPlace(
    places.connectionTo({ ...place, kind: 'rows', name: null }),
    `the server ${place.server}`,
  );
  try {
    if (place.kind === 'database') {
      await client.query(`drop database if exists ${quoteIdentifier(place.name as string)} with (force)`);
    } else if (place.kind === 'schema') {
      await client.query(`drop schema if exists ${quoteIdentifier(place.name as string)} cascade;
        delete from public.tenancy_migrations where target = '${place.name}'`);
    } else {
      const { passing } = new Fence({ client, tenant, tables: [] });
      for (const table of (await tenantTables(client, place, places)).toReversed()) {
        const rows = `select ctid, tableoid from ${quoteQualified(table)} where ${isOwn(table, tenant)} limit ${BATCH}`;
        for (let isMore = true; isMore; ) {
          checkInterrupted(signal);
          await client.query(`begin; ${passing}; set local session_replication_role = replica`);
          const { rowCount } = await client.query(
            `delete from ${quoteQualified(table)} t using (${rows}) r where t.ctid = r.ctid and t.tableoid = r.tableoid`,
          );
          await client.query('commit');
          isMore = rowCount === BATCH;
        }
      }
    }
  } finally {
    await client.end().catch(() => {});
  }
}

/** Takes the fence and the log of a tenant away from a database. Where that is gone, so are they. */
export async function removeScaffolding({ places, tenant, place, signal }: Removal): Promise<void> {
  const server = await connectToPlace(
    places.connectionTo({ ...place, kind: 'rows', name: null }),
    `the server ${place.server}`,
  );
  const there = await ask(server, 'select from pg_database where datname = $1', [place.name]).finally(() =>
    server.end(),
  );
  if (place.kind === 'database' && there.length === 0) return;
  const client = await connectToPlace(places.connectionTo(place), `the place of the tenant, on ${place.server}`);
  try {
    const patience = { lockTimeoutMillis: 100, lockPatienceMillis: 60_000, signal };
    await new ChangeLog({ client, tenant, tables: [], ...patience }).remove();
    await new Fence({ client, tenant, tables: [], ...patience }).remove();
  } finally {
    await client.end().catch(() => {});
  }
}
