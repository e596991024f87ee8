import type { Client } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { quoteQualified } from '../../policies/quoting.js';
import { Fence } from '../fence/fence.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { Operation } from '../operations/operation.js';
import { makePlace } from '../provision/make-place.js';
import type { PlaceRecord } from '../provision/place-record.js';
import { TenantsError } from '../tenants-error.js';
import { CatchUp } from './catch-up.js';
import { ChangeLog } from './change-log.js';
import { type MoveResult, type MoveSettings, type MoveTenantOptions, resolveMoveOptions } from './move-options.js';
import { refuseMove } from './refusals.js';
import { type ConnectedSides, withSides } from './sides.js';
import { switchOver } from './switch-over.js';
import { wholeTables } from './touched.js';
import { beginSnapshot, transfer } from './transfer.js';
import { type MoveOperation, type MoveState, withOperation } from './with-operation.js';

/**
 * Moves a tenant's rows to another place while it is used: beside others', into a schema or a database of its own, on the same server or another
 * one. Its writes are refused with `TNY10` (`isTenantFenced`) for a moment at the end, in which the last rows are copied and both sides compared;
 * readers and other tenants go on. Every process that listens to the directory finds the tenant in its new place with the next query.
 *
 * What is at the old place stays there, and nobody writes to it any more, until `finishMove` removes it. A call that was ended at any point goes on
 * with the same options; `abandonMove` takes everything back as long as the tenant is not switched.
 *
 * @returns what was moved, also where an earlier call has done so
 * @throws TenantsError `operation_failed`, and the tenant is where it was; `place_unusable` for tables, keys or rights that do not allow it;
 * `place_unknown`, `place_unreachable`, `tenant_unknown`, `tenant_state_refused`, `tenant_busy`, `operation_interrupted`, `operation_differs`.
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong, and where `pg-copy-streams` is not installed.
 *
 * @example
 * ```ts
 * import { moveTenant, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
 *
 * const admin = process.env.ADMIN_DATABASE_URL ?? 'postgres://maintenance@localhost/app';
 * const directory = new TenantDirectory({ connection: admin });
 * const places = tenantPlaces({ servers: { main: { connection: admin } }, role: 'app', migrations: 'migrations' });
 * const { rows, stopMillis } = await moveTenant({ directory, places, tenant: 'acme', to: { server: 'main', kind: 'schema' } });
 * ```
 */
export async function moveTenant(options: MoveTenantOptions): Promise<MoveResult> {
  const settings = resolveMoveOptions(options);
  const { directory, places, to, signal, onProgress } = settings;
  return withOperation(settings, async (lock, begun) => {
    const tenant = await directory.get(settings.tenant);
    const none = { record: {}, tables: [], stopMillis: 0, rounds: 0 };
    const first: MoveState = { from: tenant.place, to: places.placeFor(tenant, to), ...none };
    if (settings.dryRun) return resultOf({ ...first, tables: await refuseMove(settings, tenant, first) });
    const operation = begun(
      await Operation.begin<MoveState>(directory.database, lock, {
        tenant: tenant.id,
        kind: 'move',
        definition: { to: { server: to.server, kind: to.kind } },
        state: first,
      }),
    );
    const { state } = operation;
    if (operation.step === 'abandoning') {
      throw new TenantsError(
        'tenant_state_refused',
        'this move is being abandoned. Nothing was done. Run `abandonMove` again, and then begin it anew.',
      );
    }
    if (operation.step === '') {
      try {
        await refuseMove(settings, tenant, state);
      } catch (error) {
        await operation.end();
        throw error;
      }
      await operation.done('checked');
    }
    if (operation.step === 'checked') {
      onProgress({ step: 'make' });
      const write = (record: PlaceRecord) => operation.done('checked', { record });
      await makePlace({ places, tenant, place: state.to, record: state.record, write, signal });
      await operation.done('made');
    }
    if (operation.step !== 'settled') {
      await withSides({ places, tenant: tenant.id, ...state }, (sides) => move(sides, settings, lock, operation));
    }
    return resultOf(operation.state);
  });
}

async function move(
  sides: ConnectedSides,
  settings: MoveSettings,
  lock: Client,
  operation: MoveOperation,
): Promise<void> {
  const { signal, onProgress } = settings;
  const { tenant, source, fencing, pairs } = sides;
  const tables = pairs.map(({ from }) => from);
  const fence = new Fence({ client: fencing, tenant, tables, signal });
  const patience = { lockTimeoutMillis: 100, lockPatienceMillis: 60_000, signal };
  const log = new ChangeLog({ client: source, tenant, tables, ...patience });
  if (operation.step !== 'switched') {
    await fence.install();
    await log.install();
    if (operation.step === 'made') await operation.done('copied', { tables: await copyAll(sides, settings) });
    const catchUp = new CatchUp(sides, log, settings);
    const stopMillis = await switchOver({
      ...{ sides, fence, catchUp, settings },
      place: () => placeAt(lock, settings, operation, fence, catchUp.rounds),
    });
    await operation.done('switched', { stopMillis });
  }
  onProgress({ step: 'settle' });
  await fence.settle();
  await fence.open();
  await log.remove();
  await operation.done('settled');
}

async function copyAll(sides: ConnectedSides, { to, onProgress, signal }: MoveSettings): Promise<MoveResult['tables']> {
  checkInterrupted(signal);
  onProgress({ step: 'copy' });
  await beginSnapshot(sides.source);
  const counts = await transfer(sides, wholeTables(sides.pairs), {
    onTable(table, rows) {
      checkInterrupted(signal);
      onProgress({ step: 'copy', table, rows });
    },
  });
  await sides.source.query('commit');
  // Nobody else's rows are there, so that nothing is known of the tables.
  if (to.kind !== 'rows') await sides.target.query(`analyze ${sides.pairs.map((pair) => quoteQualified(pair.to))}`);
  return sides.pairs.map(({ to }, n) => ({ name: to.name, rows: counts[n] as number }));
}

/** Writes the new place and the step in one transaction, of the connection that holds the tenant's lock. */
async function placeAt(
  lock: Client,
  { directory, tenant }: MoveSettings,
  operation: MoveOperation,
  fence: Fence,
  rounds: number,
): Promise<void> {
  const { to } = operation.state;
  try {
    await lock.query('begin');
    await directory.placeAt(tenant, to, lock);
    await operation.done('switched', { rounds }, lock);
    await lock.query('commit');
  } catch (error) {
    // The answer may have been lost on its way. One who has not ended yet has the row locked.
    const [row] = await directory.database.transaction((client) =>
      directory.database.ask<{ place: string }>(
        'select place from {s}.tenant where id = $1 for update',
        [tenant],
        client,
      ),
    );
    if (row && isSame(JSON.parse(row.place), to)) return;
    await fence.install();
    throw error;
  }
}

export function isSame(left: TenantPlace, right: TenantPlace): boolean {
  return left.server === right.server && left.kind === right.kind && left.name === right.name;
}

function resultOf({ from, to, tables, stopMillis, rounds }: MoveState): MoveResult {
  return { from, to, rows: tables.reduce((sum, { rows }) => sum + rows, 0), tables, stopMillis, rounds };
}
