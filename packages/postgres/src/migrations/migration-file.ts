import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MigrationError } from './migration-error.js';

export interface MigrationFile {
  readonly name: string;
  readonly sql: string;
  /** SHA-256, in hexadecimal digits. */
  readonly checksum: string;
}

/** The `*.sql` files of a directory in name order, by code unit: the same order on every machine. */
export async function readMigrationFiles(directory: string | URL): Promise<MigrationFile[]> {
  const path = directory instanceof URL ? fileURLToPath(directory) : directory;
  const entries = await readdir(path).catch((cause: unknown) => {
    throw new MigrationError(
      'migrations_not_found',
      `the directory ${path} cannot be read. Pass the directory that holds the migrations.`,
      { cause },
    );
  });
  const names = entries.filter((name) => name.endsWith('.sql')).sort();
  if (names.length === 0) {
    throw new MigrationError(
      'migrations_not_found',
      `the directory ${path} holds no .sql file. Pass the directory that holds the migrations.`,
    );
  }
  return Promise.all(names.map((name) => readMigrationFile(path, name)));
}

async function readMigrationFile(directory: string, name: string): Promise<MigrationFile> {
  const text = await readFile(join(directory, name), 'utf8');
  // A checkout with other line ends, or a byte order mark from an editor, is the same migration.
  const sql = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}
