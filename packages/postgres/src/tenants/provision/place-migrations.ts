import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MigrationError } from '../../migrations/outcome/migration-error.js';
import { type Squashed, squashed } from '../../migrations/run/squashed.js';
import { type Migration, readMigrations } from '../../migrations/source/migration.js';
import { refuseForeignNames } from '../../migrations/source/schema-bound.js';
import { sqlFiles } from '../../migrations/source/sql-files.js';
import type { TenantPlaces } from '../places/tenant-places.js';

/** @throws MigrationError as `migrate`. */
export function migrationsOf({ migrations }: TenantPlaces): Promise<readonly Migration[]> {
  const isSource = typeof migrations === 'object' && 'read' in migrations;
  return readMigrations(isSource ? migrations : sqlFiles(migrations));
}

/**
 * The migrations as one transaction makes a new schema or database by them.
 *
 * @throws MigrationError as `migrate`, and `migration_refused` for what one transaction cannot do.
 */
export async function squashedOf(places: TenantPlaces, kind: 'schema' | 'database'): Promise<Squashed> {
  const migrations = await migrationsOf(places);
  const baseline = await baselineOf(places);
  if (kind === 'schema') {
    refuseForeignNames([...migrations, ...(baseline === null ? [] : [baseline.migration])], places.shared);
  }
  return squashed(migrations, baseline);
}

async function baselineOf({ baseline }: TenantPlaces) {
  if (baseline === null) return null;
  const { file, upTo } = baseline;
  const path = file instanceof URL ? fileURLToPath(file) : file;
  const sql = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new MigrationError('migrations_not_found', `the baseline ${path} cannot be read. Correct \`file\`.`, {
      cause,
    });
  });
  const [migration] = await readMigrations({ read: async () => [{ name: basename(path), sql }] });
  return { migration: migration as Migration, upTo };
}
