import type { DirectoryTenant, TenantPlace, TenantPlaces } from '@tenancy/postgres/tenants';
import type { TenancyConfig, TenantsConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import type { Output } from '../output/output.js';

/** The directory of the configuration. */
export type ConfiguredDirectory = TenantsConfig['directory'];

/** @throws CliError `config_not_found` or `config_wrong`. */
export function directoryOf({ tenants }: TenancyConfig): ConfiguredDirectory {
  if (tenants === undefined) {
    throw new CliError(
      'config_not_found',
      'it is unknown which tenants there are: the configuration has no `tenants`. Write `tenants: { directory: new TenantDirectory({ … }) }`.',
    );
  }
  const { directory } = (tenants ?? {}) as Partial<TenantsConfig>;
  // It may be of another copy of the package.
  if (typeof directory?.search === 'function' && typeof directory.named === 'function') return directory;
  throw new CliError(
    'config_wrong',
    '`tenants` of the configuration has no `directory`. Write `directory: new TenantDirectory({ … })`, of @tenancy/postgres/tenants.',
  );
}

/**
 * The places of the configuration.
 *
 * @throws CliError `config_wrong`.
 */
export function placesOf({ tenants }: TenancyConfig): TenantPlaces {
  const { places } = (tenants ?? {}) as Partial<TenantsConfig>;
  if (typeof places?.placeFor === 'function') return places;
  throw new CliError(
    'config_wrong',
    '`tenants` of the configuration has no `places`, so it is unknown which servers there are. Write `places: tenantPlaces({ servers, role, migrations })`, of @tenancy/postgres/tenants.',
  );
}

/** The tenant as a program reads it. */
export function reportTenant(tenant: DirectoryTenant<unknown>, output: Output): void {
  output.object({ type: 'tenant', ...tenant });
}

export function placeInWords({ server, kind, name }: TenantPlace): string {
  return name === null ? `beside others on the server ${server}` : `in the ${kind} ${name} on the server ${server}`;
}

/** The tenant in one line of a table. */
export function tenantRow({ slug, id, status, plan, name, place }: DirectoryTenant<unknown>): readonly string[] {
  const where = place.name === null ? place.server : `${place.server}: ${place.kind} ${place.name}`;
  return [slug, id, status, plan ?? '', where, name];
}

export const TENANT_HEADER = ['slug', 'id', 'status', 'plan', 'place', 'name'];
