import { messageOf } from '../direct/connect-directly.js';
import type { MigrateResult } from './outcome/migrate-result.js';
import { MigrationError } from './outcome/migration-error.js';
import type { MigrateOptions, TargetOutcome } from './run/migrate-options.js';
import { DatabaseRun } from './run/one-database.js';
import { type MigrateSettings, resolveMigrateOptions } from './run/resolve-options.js';
import { throughRings } from './run/rings.js';
import { RunState, refuseFailures } from './run/run-state.js';
import { type Migration, readMigrations } from './source/migration.js';
import { refuseForeignNames } from './source/schema-bound.js';
import type { DatabaseTarget, DatabaseTargets } from './targets/targets.js';

/**
 * Brings a database up to date, or the schema or database of each tenant: applies the migrations that it lacks in order, each once,
 * together with its row in the ledger `public.tenancy_migrations`. Statements that PostgreSQL takes outside of transactions alone, such as
 * CREATE INDEX CONCURRENTLY, are steps of their own, whose outcome is read from the catalog when a run was cut off.
 *
 * For one database each migration is a transaction; for a schema or database of a tenant all that it lacks is one. Runs on the same
 * database follow each other: each migration is applied by one of them, and all of them return when the database is up to date.
 *
 * @throws MigrationError `migration_edited`, `migration_removed` or `migration_out_of_order` when the migrations are not a
 * continuation of what the database has seen, `migration_unreadable` or `migration_refused` for what cannot be run, and then nothing is
 * applied; `migration_failed` when one fails; `targets_failed`, with `result`, when some of many targets are behind at the end;
 * `migration_busy`, `migration_pooled`, `target_unreachable`; `migrations_not_found` when there are no migrations.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown, where nothing says which database is meant, and
 * where `libpg-query` is not installed.
 *
 * @example
 * ```ts
 * import { migrate } from '@tenancy/postgres/migrations';
 *
 * const { applied } = await migrate({ connection: 'postgres://localhost/app', directory: 'migrations' });
 * ```
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const settings = resolveMigrateOptions(options);
  const migrations = await readMigrations(settings.source);
  const state = new RunState();
  const { targets } = settings;
  if (targets?.kind === 'databases') {
    return refuseFailures(state.result(migrations, await throughDatabases(settings, targets, migrations, state)));
  }
  if (targets?.kind === 'schemas') refuseForeignNames(migrations, targets.shared);
  const chosen = targets === null ? null : choose(await targets.list(), settings);
  const run = await DatabaseRun.open(settings.connection as string, settings);
  try {
    const work = await run.plan(migrations, chosen, state);
    settings.onProgress({ type: 'planned', targets: chosen?.length ?? 1, behind: work.length });
    if (settings.dryRun) {
      await run.planAll(work, state);
      return state.result(migrations, null);
    }
    const result = state.result(migrations, await run.bringAll(work, state));
    return targets === null ? result : refuseFailures(result);
  } finally {
    await run.close();
  }
}

/** Each database is asked by itself, and is a run of its own: the truth is in the target (O6). */
async function throughDatabases(
  settings: MigrateSettings,
  targets: DatabaseTargets,
  migrations: readonly Migration[],
  state: RunState,
): Promise<string | null> {
  const { workers, canary, maxFailures, signal, onProgress, dryRun } = settings;
  const chosen = choose(await targets.list(), settings);
  onProgress({ type: 'planned', targets: chosen.length, behind: null });
  let done = 0;
  const one = async (run: DatabaseRun) => {
    try {
      const [work] = await run.plan(migrations, null, state);
      if (work && dryRun) await run.planAll([work], state);
      else if (work) await run.bringAll([work], state);
    } finally {
      await run.close();
    }
  };
  return throughRings<DatabaseTarget>(chosen, {
    ...{ workers, maxFailures, signal, targets: chosen.length, canary: dryRun ? null : canary },
    tenantOf: ({ tenant }) => tenant,
    onCanary: (items) => onProgress({ type: 'canary', targets: items }),
    run: async ({ tenant, connection }) => {
      let outcome: TargetOutcome = { outcome: 'migrated' };
      try {
        const run = await DatabaseRun.openBehind(await connection(), { ...settings, canary: null }, tenant, migrations);
        if (run === null) state.current += 1;
        else await one(run);
      } catch (error) {
        outcome = { outcome: 'failed', message: messageOf(error) };
        state.failed(tenant, null, error);
      }
      done += 1;
      onProgress({ type: 'target', target: tenant, done, of: chosen.length, ...outcome });
      return outcome.outcome === 'migrated' ? 0 : 1;
    },
  });
}

/** @throws MigrationError `target_unknown` for a tenant that is asked for and not in the list. */
function choose<Target extends { readonly tenant: string }>(
  all: readonly Target[],
  { only, canary }: MigrateSettings,
): readonly Target[] {
  const known = new Set(all.map(({ tenant }) => tenant));
  const named = [...(only ?? []), ...(Array.isArray(canary?.tenants) ? canary.tenants : [])];
  const unknown = named.find((tenant) => !known.has(tenant));
  if (unknown !== undefined) {
    throw new MigrationError(
      'target_unknown',
      `there is no tenant ${JSON.stringify(unknown)} in the list of tenants. Correct the id.`,
    );
  }
  return only === null ? all : all.filter(({ tenant }) => only.has(tenant));
}
