import type { TenantPlace } from '../../isolation/tenant-place.js';
import { DATABASE } from '../../migrations/ledger/ledger.js';
import { squashedSql } from '../../migrations/run/planned-sql.js';
import { newTenantId, slugOf } from '../directory/tenant-names.js';
import { TenantsError } from '../tenants-error.js';
import { squashedOf } from './place-migrations.js';
import { type ProvisionTenantOptions, resolveProvisionOptions } from './provision-options.js';
import { unfinishedBySlug } from './run-provisioning.js';

/** The result of {@link provisionPlan}. */
export interface ProvisionPlan {
  readonly slug: string;
  /** With a name by a random id, where none is given. */
  readonly place: TenantPlace;
  /** True where an earlier call was killed, which the next one finishes. */
  readonly isUnfinished: boolean;
  /** The text that makes the schema, or the tables of the database, before policies; empty for rows beside others'. */
  readonly sql: string;
}

/**
 * Says what `provisionTenant` would do, and changes nothing. `seed` is not called.
 *
 * @throws TenantsError `tenant_exists`, `tenant_name_unusable`, `place_unknown`; MigrationError as `migrate`.
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 */
export async function provisionPlan<Settings = Readonly<Record<string, unknown>>>(
  options: ProvisionTenantOptions<Settings>,
): Promise<ProvisionPlan> {
  const { directory, places, tenant, at } = resolveProvisionOptions('provisionPlan', options);
  const slug = slugOf(tenant.slug, directory.options.reserved);
  const { id = newTenantId() } = tenant;
  const place = places.placeFor({ ...tenant, id, slug }, at);
  const { kind, name } = place;
  const isUnfinished = (await unfinishedBySlug(directory.database, slug)) !== null;
  const isTaken = (await directory.findBySlug(slug)) !== null || (await directory.findByFormerSlug(slug)) !== null;
  if (isTaken) {
    throw new TenantsError(
      'tenant_exists',
      "this slug is another tenant's, or was one. Nothing was done. Choose another one.",
    );
  }
  if (kind === 'rows') return { slug, place, isUnfinished, sql: '' };
  const schema = kind === 'schema' ? name : null;
  const target = { target: schema ?? DATABASE, schema, isNew: true, role: places.role, shared: places.shared };
  return { slug, place, isUnfinished, sql: squashedSql(target, await squashedOf(places, kind)) };
}
