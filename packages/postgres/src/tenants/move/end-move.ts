import { TenantsError } from '../tenants-error.js';
import { type MovedTenantOptions, resolveWho } from './move-options.js';
import { removePlace, removeScaffolding } from './remove-place.js';
import { leftMove, withOperation } from './with-operation.js';

/**
 * Removes what `moveTenant` left at the old place: the rows, in batches, or the schema or database of the tenant, and the fence. Call it when the
 * tenant does well in its new place, and every process has heard that it is there.
 *
 * @throws TenantsError `tenant_state_refused` where the tenant was not moved, or no move is unfinished; `place_unreachable`, `tenant_busy`,
 * `operation_interrupted`, `operation_failed`.
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong.
 *
 * @example
 * ```ts
 * import { finishMove, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
 *
 * const admin = process.env.ADMIN_DATABASE_URL ?? 'postgres://maintenance@localhost/app';
 * const directory = new TenantDirectory({ connection: admin });
 * const places = tenantPlaces({ servers: { main: { connection: admin } }, role: 'app', migrations: 'migrations' });
 * await finishMove({ directory, places, tenant: 'acme' });
 * ```
 */
export async function finishMove(options: MovedTenantOptions): Promise<void> {
  const { places, tenant, signal } = resolveWho('finishMove', options);
  await withOperation(options, async (lock, begun) => {
    const operation = await leftMove(options, lock);
    if (operation.step !== 'settled') {
      throw new TenantsError(
        'tenant_state_refused',
        'the tenant is not moved yet. Nothing was done. Run `moveTenant` again with the same options, or `abandonMove`.',
      );
    }
    begun(operation);
    const removal = { places, tenant, place: operation.state.from, signal };
    await removePlace(removal);
    await removeScaffolding(removal);
    await operation.end();
  });
}

/**
 * Takes everything back that `moveTenant` has made, as long as the tenant is not in its new place: the copy, the new schema or database, the fence and
 * the log at the old one. The tenant stays where it is.
 *
 * @throws TenantsError `tenant_state_refused` where the tenant was switched already, or no move is unfinished; `place_unreachable`, `tenant_busy`,
 * `operation_interrupted`, `operation_failed`.
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong.
 */
export async function abandonMove(options: MovedTenantOptions): Promise<void> {
  const { places, tenant, signal } = resolveWho('abandonMove', options);
  await withOperation(options, async (lock, begun) => {
    const operation = await leftMove(options, lock);
    const { step, state } = operation;
    if (step === 'switched' || step === 'settled') {
      throw new TenantsError(
        'tenant_state_refused',
        'the tenant is in its new place already. Nothing was done. Finish the move, and move the tenant back.',
      );
    }
    begun(operation);
    // What is before `checked` has not been looked at, and is not the move's.
    if (step !== '') {
      await operation.done('abandoning');
      await removePlace({ places, tenant, place: state.to, signal });
    }
    await removeScaffolding({ places, tenant, place: state.from, signal });
    await operation.end();
  });
}
