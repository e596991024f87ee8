import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MigrationError } from '../outcome/migration-error.js';
import type { MigrationSource, SqlMigration } from './migration-source.js';

/** The file that holds a migration in each folder of Prisma's layout. */
const PRISMA_FILE = 'migration.sql';

/**
 * The migrations of a directory, as `migrate` reads them: `*.sql` files, or folders with a `migration.sql` each, as Prisma lays them out.
 * A `*.down.sql` beside the file that it takes back is left out.
 *
 * @example
 * ```ts
 * import { sqlFiles } from '@tenancy/postgres/migrations';
 *
 * for (const { name } of await sqlFiles('migrations').read()) console.log(name);
 * ```
 */
export function sqlFiles(directory: string | URL): MigrationSource {
  return { read: () => readMigrationFiles(directory) };
}

/**
 * The migrations of a directory in name order, by code unit: the same order on every machine.
 *
 * @throws MigrationError `migrations_not_found` where there are none, or both layouts at once; `migration_refused` for a `*.down.sql` alone.
 */
async function readMigrationFiles(directory: string | URL): Promise<readonly SqlMigration[]> {
  const path = directory instanceof URL ? fileURLToPath(directory) : directory;
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw notFound(`the directory ${path} cannot be read. Pass the directory that holds the migrations.`, cause);
  });
  const files = forward(
    path,
    entries.filter((entry) => !entry.isDirectory() && /\.sql$/i.test(entry.name)).map(({ name }) => name),
  );
  const folders = (
    await Promise.all(
      entries
        .filter((entry) => entry.isDirectory())
        .map(async ({ name }) => ((await exists(join(path, name, PRISMA_FILE))) ? [name] : [])),
    )
  ).flat();
  if (files.length > 0 && folders.length > 0) {
    throw notFound(
      `the directory ${path} holds .sql files and folders with a ${PRISMA_FILE}, so their order is unknown. Keep one of the two layouts.`,
    );
  }
  if (files.length + folders.length === 0) {
    throw notFound(
      `the directory ${path} holds neither .sql files nor folders with a ${PRISMA_FILE}. Pass the directory that holds the migrations.`,
    );
  }
  const read =
    files.length > 0 ? files.map((name) => [name, name]) : folders.map((name) => [name, join(name, PRISMA_FILE)]);
  return Promise.all(
    read
      .toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1))
      .map(async ([name = '', file = '']) => ({ name, sql: await textOf(join(path, file)) })),
  );
}

/**
 * The files that go forward. One that takes another back is left out where that other one stands beside it.
 *
 * @throws MigrationError `migration_refused` for one that stands alone: it may be a migration that only has such a name.
 */
function forward(path: string, names: readonly string[]): readonly string[] {
  const all = new Set(names);
  return names.filter((name) => {
    if (!DOWN.test(name)) return true;
    if (['.up.sql', '.sql'].some((end) => all.has(name.replace(DOWN, end)))) return false;
    throw new MigrationError(
      'migration_refused',
      `${join(path, name)} has the name of a file that takes a migration back, which no run does, and no file that it takes back stands beside it. ` +
        'Rename it if it is a migration, or put it elsewhere. Nothing was sent.',
    );
  });
}

/** The end of a file that takes the one of the same name back, as other tools have them. */
const DOWN = /\.down\.sql$/i;

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw notFound(`${path} cannot be read. See the cause, and run again.`, cause);
  });
  try {
    // A checkout with other line ends, or a byte order mark from an editor, is the same migration.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch (cause) {
    throw new MigrationError('migration_unreadable', `${path} is not UTF-8. Save it as UTF-8, and run again.`, {
      cause,
    });
  }
}

function notFound(explanation: string, cause?: unknown): MigrationError {
  return new MigrationError('migrations_not_found', explanation, cause === undefined ? undefined : { cause });
}
