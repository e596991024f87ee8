import type { ClientConfig } from 'pg';
import { messageOf } from '../direct/connect-directly.js';
import { ask, isTrue } from '../protocol/ask.js';
import { DATABASE, LEDGER, lossOf, readLedger, stateOf } from './ledger/ledger.js';
import { pendingMigrations } from './ledger/pending-migrations.js';
import { MigrationError } from './outcome/migration-error.js';
import type { MigrationsOptions } from './run/migrate-options.js';
import { resolveMigrations, TARGETS_AT_ONCE } from './run/resolve-options.js';
import { connect, runName } from './run/session.js';
import { type Migration, readMigrations } from './source/migration.js';
import type { SchemaTarget } from './targets/targets.js';

/** A target that is not up to date. */
export interface TargetStatus {
  /** The id of the tenant; null for the database itself. */
  readonly tenant: string | null;
  /** Its schema; null for a database. */
  readonly schema: string | null;
  /** The migrations that it lacks, in order. */
  readonly pending: readonly string[];
  /** Why the first of them failed the last time; null where none did. */
  readonly failure: string | null;
  /** The fault that it has otherwise: it is lost, out of reach, or has seen other migrations than these; null where nothing is. */
  readonly problem: string | null;
}

/** The result of {@link migrationStatus}. */
export interface MigrationStatus {
  readonly targets: number;
  /** How many of them are up to date. */
  readonly current: number;
  /** The others. */
  readonly behind: readonly TargetStatus[];
  /** Schemas that the ledger knows, and no tenant has any more. */
  readonly unknown: readonly string[];
}

/**
 * Looks which targets are up to date, and changes nothing. One query for each database, however many schemas it has.
 *
 * @throws MigrationError as `migrate` does for migrations that cannot be read.
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { migrationStatus } from '@tenancy/postgres/migrations';
 *
 * const { behind } = await migrationStatus({ connection: 'postgres://localhost/app', directory: 'migrations' });
 * for (const { pending } of behind) console.log(pending.join(', '));
 * ```
 */
export async function migrationStatus(options: MigrationsOptions): Promise<MigrationStatus> {
  const { connection, source, targets } = resolveMigrations('migrationStatus', options);
  const migrations = await readMigrations(source);
  if (targets?.kind === 'databases') {
    const all = await targets.list();
    const found: DatabaseStatus[] = [];
    let next = 0;
    const work = async () => {
      while (next < all.length) {
        const target = all[next] as (typeof all)[number];
        next += 1;
        found.push(await reachable(target.tenant, target.connection, migrations));
      }
    };
    await Promise.all(Array.from({ length: Math.min(TARGETS_AT_ONCE, all.length) }, work));
    const behind = found.flatMap((status) => status.behind);
    return { targets: all.length, current: all.length - behind.length, behind, unknown: [] };
  }
  const schemas = targets === null ? null : await targets.list();
  const { behind, unknown } = await statusOf(connection as string, migrations, schemas, null);
  const count = schemas?.length ?? 1;
  return { targets: count, current: count - behind.length, behind, unknown };
}

/**
 * Refuses to go on where a target is behind: for the start of an application, whose code expects the schema of its migrations.
 *
 * @param options.allowFailed - true where a tenant whose migration failed, and was written down as failed, does not keep the
 * application from starting for all others
 * @throws MigrationError `migrations_pending`, naming what is behind; and as {@link migrationStatus} does.
 *
 * @example
 * ```ts
 * import { verifyMigrations } from '@tenancy/postgres/migrations';
 *
 * await verifyMigrations({ connection: 'postgres://localhost/app', directory: 'migrations' });
 * ```
 */
export async function verifyMigrations(options: VerifyMigrationsOptions): Promise<MigrationStatus> {
  const { allowFailed = false, ...rest } = options;
  const status = await migrationStatus(rest);
  const behind = status.behind.filter(({ failure, problem }) => !allowFailed || failure === null || problem !== null);
  if (behind.length === 0) return status;
  const lines = behind.slice(0, 5).map(({ tenant, pending, failure, problem }) => {
    const lacks =
      pending.length > 3 ? `${pending.slice(0, 3).join(', ')} and ${pending.length - 3} more` : pending.join(', ');
    return `- ${tenant ?? 'the database'}: ${problem ?? `lacks ${lacks}${failure === null ? '' : ', which failed'}`}`;
  });
  const more = behind.length > 5 ? [`- and ${behind.length - 5} more`] : [];
  throw new MigrationError(
    'migrations_pending',
    `${behind.length} of ${status.targets} targets are not up to date, and this code expects that they are. Run the migrations first.` +
      ['', ...lines, ...more].join('\n'),
  );
}

/** Options of {@link verifyMigrations}. */
export interface VerifyMigrationsOptions extends MigrationsOptions {
  /**
   * Lets targets pass that have failed and were set aside, so that one tenant's data does not keep a process from starting.
   * @defaultValue `false`
   */
  readonly allowFailed?: boolean;
}

type DatabaseStatus = Pick<MigrationStatus, 'behind' | 'unknown'>;

async function reachable(
  tenant: string,
  connection: () => Promise<string | ClientConfig>,
  migrations: readonly Migration[],
): Promise<DatabaseStatus> {
  try {
    return await statusOf(await connection(), migrations, null, tenant);
  } catch (error) {
    return { behind: [{ tenant, schema: null, pending: [], failure: null, problem: messageOf(error) }], unknown: [] };
  }
}

async function statusOf(
  connection: string | ClientConfig,
  migrations: readonly Migration[],
  schemas: readonly SchemaTarget[] | null,
  tenant: string | null,
): Promise<DatabaseStatus> {
  const client = await connect(connection, runName());
  try {
    const wanted = schemas ?? [{ tenant, schema: null }];
    const names = wanted.map(({ schema }) => schema ?? DATABASE);
    if (!(await isTrue(client, `select to_regclass('${LEDGER}') is not null as answer`))) {
      const pending = migrations.map(({ name }) => name);
      return { behind: wanted.map((target) => ({ ...target, pending, failure: null, problem: null })), unknown: [] };
    }
    const { behind, missing, remade } = await readLedger(client, names, await stateOf(client, migrations));
    const known =
      schemas === null ? [] : await ask<'target'>(client, `select distinct target from ${LEDGER} where target <> ''`);
    const expected = new Set(names);
    return {
      behind: wanted.flatMap((target) => {
        const entries = behind.get(target.schema ?? DATABASE);
        if (!entries) return [];
        const name = target.schema ?? DATABASE;
        const isRemade = remade.has(name);
        const isLost = isRemade || (missing.has(name) && entries.some(({ isApplied, done }) => isApplied || done > 0));
        try {
          const pending = pendingMigrations(migrations, entries).map(({ migration }) => migration.name);
          if (pending.length === 0 && !isLost) return [];
          const failure = entries.find((entry) => entry.failure !== null)?.failure ?? null;
          const problem = isLost ? `target_lost: ${lossOf(name, isRemade)}` : null;
          return [{ ...target, pending, failure, problem }];
        } catch (error) {
          return [{ ...target, pending: [], failure: null, problem: messageOf(error) }];
        }
      }),
      unknown: known.map(({ target }) => target as string).filter((target) => !expected.has(target)),
    };
  } finally {
    await client.end();
  }
}
