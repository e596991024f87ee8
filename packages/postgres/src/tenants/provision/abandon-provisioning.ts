import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireName, requireOptions } from '../../errors/require-arguments.js';
import type { TenantDirectory } from '../directory/tenant-directory.js';
import { slugOf } from '../directory/tenant-names.js';
import { Operation } from '../operations/operation.js';
import { connectToMake } from '../places/connect.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { TenantsError } from '../tenants-error.js';
import { withdrawPlace } from './make-place.js';
import type { PlaceRecord } from './place-record.js';
import { requireHomes } from './provision-options.js';
import { unfinishedBySlug } from './run-provisioning.js';

/** Options of {@link abandonProvisioning}. */
export interface AbandonProvisioningOptions {
  /** The directory in which the tenant was entered. */
  readonly directory: TenantDirectory<unknown>;
  /** The servers, by `tenantPlaces`. */
  readonly places: TenantPlaces;
  /** The label of its host that the tenant was to have. */
  readonly slug: string;
}

/**
 * Takes back what a `provisionTenant` or `importTenant` has left that was killed, where the same call is not to finish it: the half-made place and
 * the entry, which nobody has found. The slug is free then.
 *
 * @throws TenantsError `tenant_unknown` where none of this slug was left; `tenant_busy` while a process is at it; `tenant_state_refused` where the
 * place was made whole, which the same call as before enters, and `deleteTenant` removes; `place_unknown`; `place_unreachable` where the server of
 * the place or of the directory lets nobody in, and the entry stays.
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { abandonProvisioning, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
 *
 * const connection = process.env.ADMIN_DATABASE_URL ?? 'postgres://maintenance@localhost/app';
 * await abandonProvisioning({
 *   directory: new TenantDirectory({ connection }),
 *   places: tenantPlaces({ servers: { main: { connection } }, role: 'app', migrations: 'migrations' }),
 *   slug: 'acme',
 * });
 * ```
 */
export async function abandonProvisioning(options: AbandonProvisioningOptions): Promise<void> {
  requireOptions('abandonProvisioning', options, 'directory');
  refuseUnknown('abandonProvisioning', options, ['directory', 'places', 'slug']);
  requireHomes('abandonProvisioning', options);
  requireName('abandonProvisioning', 'slug', options.slug);
  const { directory, places } = options;
  const { database } = directory;
  const slug = slugOf(options.slug, directory.options.reserved);
  const lock = await connectToMake(database.config, "the directory's database", 'tenancy provision');
  try {
    const id = await unfinishedBySlug(database, slug, lock);
    const operation =
      id === null
        ? null
        : await Operation.resume<PlaceRecord>(database, lock, { tenant: id, kinds: ['provision', 'import'] });
    if (id === null || !operation) {
      throw new TenantsError('tenant_unknown', 'no tenant of this slug was left half made. Nothing was done.');
    }
    const { place } = await directory.get(id, { on: lock });
    if (!(await withdrawPlace(places, place, operation.state))) {
      throw new TenantsError(
        'tenant_state_refused',
        'its place was made whole before the process ended, and only its entry is missing. Nothing was done. ' +
          'Run the same as before, which enters it, and delete the tenant then.',
      );
    }
    await database.ask(`delete from {s}.tenant where id = $1 and status = 'provisioning'`, [id], lock);
  } finally {
    await lock.end().catch(() => {});
  }
}
