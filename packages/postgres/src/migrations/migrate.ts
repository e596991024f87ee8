import { Client, type ClientConfig } from 'pg';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-arguments.js';
import { requireConnection } from '../pool/pg-options.js';
import { applyMigration } from './apply-migration.js';
import { lockLedger, readLedger } from './ledger.js';
import { type MigrationFile, readMigrationFiles } from './migration-file.js';
import { pendingMigrations } from './pending-migrations.js';

/** Options of {@link migrate}. */
export interface MigrateOptions {
  /**
   * The database, as a URL or as `pg` takes it. The role must own what the migrations change; it should not be the role
   * that the application runs as.
   */
  readonly connection: string | ClientConfig;
  /** The directory that holds the `*.sql` files. */
  readonly directory: string | URL;
}

/** The result of {@link migrate}. */
export interface MigrateResult {
  /** The files that this call applied, in order. */
  readonly applied: readonly string[];
}

/**
 * Brings one database up to date: applies the `*.sql` files of a directory in name order, each once, each in a
 * transaction together with its row in the ledger `public.tenancy_migrations`.
 *
 * Several processes may call it at the same time: each file is applied by one of them, and all of them return when the
 * database is up to date. A connection of its own is opened and closed.
 *
 * @throws MigrationError `migration_edited`, `migration_removed` or `migration_out_of_order` when the files are not a
 * continuation of what the database has seen, and then nothing is applied; `migration_failed` when a file fails;
 * `migration_left_transaction` when a file commits by itself; `migrations_not_found` when there are no files.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown, and where nothing says which database is meant.
 *
 * @example
 * ```ts
 * import { migrate } from '@tenancy/postgres/migrations';
 *
 * const { applied } = await migrate({ connection: 'postgres://localhost/app', directory: 'migrations' });
 * ```
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  requireOptions('migrate', options, 'connection');
  refuseUnknown('migrate', options, ['connection', 'directory']);
  const { connection, directory } = options;
  requireConnection('migrate', typeof connection === 'object' ? connection : { connectionString: connection });
  if (typeof connection !== 'string' && (typeof connection !== 'object' || connection === null))
    throw misconfigured(
      'migrate: the option `connection` is none that says which database is meant. Pass its URL, or what `pg` takes.',
    );
  if (
    (typeof directory !== 'string' || directory === '') &&
    !(directory instanceof URL && directory.protocol === 'file:')
  )
    throw misconfigured(
      'migrate: the option `directory` is none that names a directory. ' +
        'Pass the path or the `file:` URL of the one that holds the `*.sql` files.',
    );
  const files = await readMigrationFiles(directory);
  const client = new Client(connection);
  // A connection that breaks fails the query under way; without a listener it would end the process as well.
  client.on('error', () => {});
  await client.connect();
  try {
    const applied: string[] = [];
    for (let name = await applyNext(client, files); name !== null; name = await applyNext(client, files)) {
      applied.push(name);
    }
    return { applied };
  } finally {
    await client.end();
  }
}

/** One transaction: the first file that is still to be applied, or null when there is none. */
async function applyNext(client: Client, files: readonly MigrationFile[]): Promise<string | null> {
  await client.query('begin');
  try {
    await lockLedger(client);
    const [next] = pendingMigrations(files, await readLedger(client));
    if (next) await applyMigration(client, next);
    await client.query('commit');
    return next?.name ?? null;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}
