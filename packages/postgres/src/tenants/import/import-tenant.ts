import { ArchiveReader } from '../archive/archive-reader.js';
import { archiveRefused } from '../archive/archive-refused.js';
import { refuseOtherMigrations } from '../archive/archived-migrations.js';
import { archivedTables } from '../archive/archived-tables.js';
import { connectToPlace } from '../places/connect.js';
import { type ProvisionTenantOptions, resolveProvisionOptions } from '../provision/provision-options.js';
import { provisionPlan } from '../provision/provision-plan.js';
import { runProvisioning } from '../provision/run-provisioning.js';
import { TenantsError } from '../tenants-error.js';
import { fitTables } from './fit.js';
import {
  type ImportResult,
  type ImportSettings,
  type ImportTenantOptions,
  resolveImportOptions,
} from './import-options.js';
import { loadRows } from './load-rows.js';

/**
 * Makes a tenant of an archive that `exportTenant` has written, here or in another installation: beside others' rows, in a schema or in a database of
 * its own, under the same id or another one. Nobody finds it before all of it is there, counted, hashed, and looked through for what is not its own.
 *
 * The archive may be anybody's: it is read to its end before a database is asked, no name in it comes into SQL, and each row gets the tenant that
 * is made. What fails leaves nothing. A process that is killed leaves nothing but an entry that nobody finds; the same call finishes it.
 *
 * @throws TenantsError `archive_refused`; `place_unusable` for keys that are taken, rows of this id that are there, or rights that lack; all else
 * as `provisionTenant`.
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong, and where `pg-copy-streams` or `yauzl` is not installed.
 *
 * @example
 * ```ts
 * import { importTenant, type TenantDirectory, type TenantPlaces } from '@tenancy/postgres/tenants';
 *
 * async function restoreBeside(directory: TenantDirectory, places: TenantPlaces, file: string) {
 *   const { tenant, rows } = await importTenant({ directory, places, file, tenant: { id: 't_copy', slug: 'acme-copy' } });
 *   return { tenant, rows };
 * }
 * ```
 */
export async function importTenant<Settings = Readonly<Record<string, unknown>>>(
  options: ImportTenantOptions<Settings>,
): Promise<ImportResult<Settings>> {
  const settings = resolveImportOptions(options);
  const { file, digest, places, signal, dryRun, onProgress } = settings;
  // What is wrong with the options is said before the archive is read.
  resolveProvisionOptions('importTenant', provisioned(settings, { id: 'x', slug: 'x' }));
  onProgress({ step: 'read' });
  return ArchiveReader.open(file, signal, async (archive) => {
    const { manifest } = archive;
    if (digest !== undefined && digest !== archive.digest)
      throw archiveRefused('it has another digest than was asked for');
    await refuseOtherMigrations(manifest, places);
    const given = provisioned(settings, manifest.tenant);
    if (dryRun) return planned(archive, settings, given);
    onProgress({ step: 'write' });
    const tenant = await runProvisioning<Settings>({
      ...resolveProvisionOptions('importTenant', given),
      ...{ kind: 'import', definition: { archive: archive.digest } },
      within: (client, { id, place }) => loadRows({ client, tenant: id, archive, place, places, signal, onProgress }),
    });
    return { tenant, slug: tenant.slug, place: tenant.place, ...rowsOf(archive) };
  });
}

/** The options of `provisionTenant` that make the tenant of an archive. */
function provisioned<Settings>(
  { directory, places, tenant, at, signal }: ImportSettings<Settings>,
  archived: object,
): ProvisionTenantOptions<Settings> {
  const merged = { ...archived, ...tenant } as ProvisionTenantOptions<Settings>['tenant'];
  return {
    directory,
    places,
    tenant: merged,
    ...(at !== undefined && { at }),
    ...(signal !== undefined && { signal }),
  };
}

async function planned<Settings>(
  archive: ArchiveReader,
  { places }: ImportSettings<Settings>,
  given: ProvisionTenantOptions<Settings>,
): Promise<ImportResult<Settings>> {
  const { slug, place } = await provisionPlan(given);
  const { database } = given.directory;
  const [other] = await database.ask('select from {s}.tenant where id = $1 and status <> $2', [
    given.tenant.id,
    'provisioning',
  ]);
  if (other) {
    throw new TenantsError(
      'tenant_exists',
      'there is a tenant of this id, or was one. Nothing was done. Pass another id.',
    );
  }
  if (place.kind === 'rows') {
    const client = await connectToPlace(places.connectionTo(place), `the server ${place.server}`);
    try {
      fitTables(archive.manifest, await archivedTables(client, place, places));
    } finally {
      await client.end().catch(() => {});
    }
  }
  return { tenant: null, slug, place, ...rowsOf(archive) };
}

function rowsOf({ manifest }: ArchiveReader): Pick<ImportResult, 'rows' | 'tables'> {
  const tables = manifest.tables.map(({ name, rows }) => ({ name, rows }));
  return { rows: tables.reduce((sum, { rows }) => sum + rows, 0), tables };
}
