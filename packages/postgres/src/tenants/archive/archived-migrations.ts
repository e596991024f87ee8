import type { ClientBase } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { DATABASE, readLedger, stateOf } from '../../migrations/ledger/ledger.js';
import { pendingMigrations } from '../../migrations/ledger/pending-migrations.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { migrationsOf } from '../provision/place-migrations.js';
import { TenantsError } from '../tenants-error.js';
import { archiveUnfit } from './archive-refused.js';
import type { ArchiveManifest } from './manifest.js';

/**
 * The migrations that a place is at, which are all.
 *
 * @throws TenantsError `place_unusable` where it lacks some; MigrationError as `migrate`.
 */
export async function archivedMigrations(
  client: ClientBase,
  place: TenantPlace,
  places: TenantPlaces,
): Promise<ArchiveManifest['migrations']> {
  const migrations = await migrationsOf(places);
  const target = place.kind === 'schema' ? (place.name as string) : DATABASE;
  const { behind } = await readLedger(client, [target], await stateOf(client, migrations));
  const entries = behind.get(target) ?? [];
  // Where other tools made the tables, there is no entry at all.
  const pending = entries.length === 0 ? [] : pendingMigrations(migrations, entries);
  if (pending.length > 0) {
    throw new TenantsError(
      'place_unusable',
      `the tables of the tenant lack ${pending.map(({ migration }) => migration.name).join(', ')}. Nothing was done. Run \`tenancy migrate\` first.`,
    );
  }
  return migrations.map(({ name, checksum }) => ({ name, checksum }));
}

/** @throws TenantsError `archive_refused` where the archive is of other migrations than those here. */
export async function refuseOtherMigrations(manifest: ArchiveManifest, places: TenantPlaces): Promise<void> {
  const here = (await migrationsOf(places)).map(({ name, checksum }) => ({ name, checksum }));
  const lacking = (all: ArchiveManifest['migrations'], of: ArchiveManifest['migrations']) =>
    of.filter(({ name }) => !all.some((other) => other.name === name)).map(({ name }) => name);
  const [more, missing] = [lacking(here, manifest.migrations), lacking(manifest.migrations, here)];
  const edited = here.filter(({ name, checksum }) =>
    manifest.migrations.some((other) => other.name === name && other.checksum !== checksum),
  );
  const said = [
    ...(more.length > 0 ? [`it was exported with ${more.join(', ')}, which is not here`] : []),
    ...(missing.length > 0 ? [`it was exported before ${missing.join(', ')}`] : []),
    ...(edited.length > 0 ? [`${edited.map(({ name }) => name).join(', ')} has another text here`] : []),
  ];
  if (said.length === 0) return;
  throw archiveUnfit(said.join('; '), 'Bring both installations to the same migrations, and export it again.');
}
