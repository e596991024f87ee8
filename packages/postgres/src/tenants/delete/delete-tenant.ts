import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { unknownTenant } from '../directory/directory-reader.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import { Fence } from '../fence/fence.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { failedBy } from '../operations/failed-by.js';
import { Operation } from '../operations/operation.js';
import { connectToPlace } from '../places/connect.js';
import { tenantTables } from '../places/tenant-tables.js';
import {
  type DeleteSettings,
  type DeleteTenantOptions,
  type DeletionStep,
  resolveDeleteOptions,
} from './delete-options.js';
import type { DeletionCertificate } from './deletion-certificate.js';
import { refuseForeignPlace } from './foreign-place.js';
import { countPlace, dropDatabase, dropSchema, openPlace } from './own-place.js';
import { examineRows, removeRows } from './remove-rows.js';
import { isMistakable } from './scan.js';
import { scanEverywhere } from './scan-everywhere.js';

const HALF_DONE =
  'What was deleted before is gone, and nobody of the tenant is let in. A rule or a trigger that keeps rows, or a right that is missing, has to go first.';

/** State of a deletion, for the call that goes on with it. */
interface DeletionState {
  readonly begunAt: string;
  readonly removed: Readonly<Record<string, number>>;
  readonly longestBatchMillis: number;
  readonly also: Readonly<Record<string, number | null>>;
}

/** Rows that a deletion would remove. */
export interface DeletionPreview {
  readonly tenant: DirectoryTenant<unknown>;
  /** Rows of each table, as `schema.name`. */
  readonly rows: readonly { readonly table: string; readonly rows: number }[];
}

/**
 * Removes a tenant and everything of it: lets nobody in, removes its rows in batches (or its schema or database), then what `also` names, and looks
 * through every table of every server for what is left. Another call goes on where one was cut off; one more answers with the certificate.
 *
 * @throws TenantsError `place_unusable` before anything is done, where an index is missing or rows or objects of others would go with it;
 * `tenant_left` where the scan finds something: the tenant stays `deleting`, and the next call looks again; `tenant_unknown`, `tenant_busy`,
 * `tenant_state_refused`, `place_unknown`, `place_unreachable`, `operation_failed`, `operation_interrupted`.
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong.
 *
 * @example
 * ```ts
 * import { deleteTenant, type TenantDirectory, type TenantPlaces } from '@tenancy/postgres/tenants';
 *
 * async function close(directory: TenantDirectory, places: TenantPlaces, tenant: string) {
 *   const { removed, scanned } = await deleteTenant({ directory, places, tenant });
 *   return { removed, scanned };
 * }
 * ```
 */
export async function deleteTenant(options: DeleteTenantOptions): Promise<DeletionCertificate> {
  const settings = resolveDeleteOptions(options);
  const { directory, tenant: id } = settings;
  const before = await directory.get(id);
  if (before.status === 'deleted') return certificateOf(directory, id);
  // What cannot go is refused while everybody is still let in.
  await examine(settings, before);
  const lock = await connectToPlace(directory.database.config, "the directory's database");
  try {
    const operation = await Operation.begin<DeletionState>(directory.database, lock, {
      ...{ tenant: id, kind: 'delete', definition: { place: before.place } },
      state: { begunAt: new Date().toISOString(), removed: {}, longestBatchMillis: 0, also: {} },
    });
    try {
      return await remove(settings, operation);
    } catch (error) {
      // What `also` throws is the application's own.
      const told = error instanceof DatabaseError ? failedBy(error, 'the deletion', HALF_DONE) : error;
      await operation.failed((told as Error).message).catch(() => {});
      throw told;
    }
  } finally {
    await lock.end().catch(() => {});
  }
}

/**
 * Says what {@link deleteTenant} would remove, and refuses what it would.
 *
 * @throws as `deleteTenant`.
 */
export async function previewDeletion(options: DeleteTenantOptions): Promise<DeletionPreview> {
  const settings = resolveDeleteOptions(options);
  const tenant = await settings.directory.get(settings.tenant);
  const counts = await examine(settings, tenant);
  return { tenant, rows: listed(Object.fromEntries(counts)) };
}

async function examine(settings: DeleteSettings, tenant: DirectoryTenant<unknown>) {
  const { places, directory } = settings;
  const { place } = tenant;
  await refuseForeignPlace(directory, places, tenant);
  const client = await openPlace(places, place);
  if (client === null) return new Map<string, number>();
  try {
    if (place.kind === 'rows') return (await examineRows(client, place, settings)).counts;
    return await countPlace(client, place);
  } finally {
    await client.end().catch(() => {});
  }
}

async function remove(settings: DeleteSettings, operation: Operation<DeletionState>): Promise<DeletionCertificate> {
  const { directory, places, tenant: id, settleMillis, patience } = settings;
  tell(settings, 'closing');
  const tenant = await directory.turn(id, { from: ['active', 'suspended'], to: 'deleting', event: 'deleting' });
  // A process that has not heard of it yet would fill a cache again.
  if (operation.step === '')
    await sleep(settleMillis, undefined, patience.signal ? { signal: patience.signal } : {}).catch(() => {});
  const { place } = tenant;
  const client = await openPlace(places, place);
  if (client === null) return finish(settings, operation, tenant, null);
  try {
    const counted = async (counts: ReadonlyMap<string, number>) => {
      const { removed } = operation.state;
      const most = [...counts].map(([table, rows]) => [table, Math.max(rows, removed[table] ?? 0)] as const);
      await operation.done('counted', { removed: { ...removed, ...Object.fromEntries(most) } });
    };
    tell(settings, 'data');
    if (place.kind === 'rows') {
      const tables = await tenantTables(client, place, places);
      const fence = new Fence({ client, tenant: id, tables, ...patience });
      const longest = await removeRows(client, fence, place, settings, counted);
      await operation.done('removed', { longestBatchMillis: Math.max(longest, operation.state.longestBatchMillis) });
      return await finish(settings, operation, tenant, fence);
    }
    await counted(await countPlace(client, place));
    if (place.kind === 'schema') await dropSchema(client, place.name as string, patience);
  } finally {
    await client.end().catch(() => {});
  }
  if (place.kind === 'database') await dropDatabase(places, place);
  await operation.done('removed');
  return finish(settings, operation, tenant, null);
}

/** Removes what is elsewhere, and looks for what is left; only then is the tenant no more. */
async function finish(
  settings: DeleteSettings,
  operation: Operation<DeletionState>,
  tenant: DirectoryTenant<unknown>,
  fence: Fence | null,
): Promise<DeletionCertificate> {
  const { directory, also } = settings;
  tell(settings, 'also');
  for (const { name, remove: removeAlso } of also) {
    checkInterrupted(settings.patience.signal);
    const removed = await removeAlso(tenant);
    const known = operation.state.also[name] ?? null;
    const sum = typeof removed === 'number' ? removed + (known ?? 0) : known;
    await operation.done('also', { also: { ...operation.state.also, [name]: sum } });
  }
  tell(settings, 'scan');
  const { scanned, kept } = await scanEverywhere(settings, tenant);
  await fence?.remove();
  const { begunAt, removed, longestBatchMillis } = operation.state;
  const certificate: DeletionCertificate = {
    ...{ tenant: tenant.id, place: tenant.place, begunAt, endedAt: new Date().toISOString() },
    ...{ removed: listed(removed), longestBatchMillis },
    also: Object.entries(operation.state.also).map(([name, count]) => ({ name, removed: count })),
    ...{ scanned, kept, isMistakable: isMistakable(tenant.id) },
  };
  await directory.database.transaction(async (client) => {
    await directory.forget(tenant.id, certificate, client);
    await operation.end(client);
  });
  return certificate;
}

async function certificateOf({ database }: DeleteSettings['directory'], id: string): Promise<DeletionCertificate> {
  const [row] = await database.ask<{ data: string }>(
    `select data::text as data from {s}.event where tenant_id = $1 and kind = 'deleted' order by id desc limit 1`,
    [id],
  );
  if (row) return JSON.parse(row.data);
  throw unknownTenant();
}

function tell({ patience, onProgress }: DeleteSettings, step: DeletionStep): void {
  checkInterrupted(patience.signal);
  onProgress({ type: 'step', step });
}

function listed(rows: Readonly<Record<string, number>>): DeletionCertificate['removed'] {
  return Object.entries(rows).flatMap(([table, count]) => (count > 0 ? [{ table, rows: count }] : []));
}
