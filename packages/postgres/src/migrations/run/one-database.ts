import type { Client, ClientConfig } from 'pg';
import { namedBlocker, readBlockers } from '../../direct/blockers.js';
import { messageOf } from '../../direct/connect-directly.js';
import {
  acceptEdited,
  createLedger,
  DATABASE,
  hasLedger,
  isCurrent,
  lossOf,
  readLedger,
  stateOf,
} from '../ledger/ledger.js';
import { pendingMigrations, quarantined } from '../ledger/pending-migrations.js';
import { MigrationError } from '../outcome/migration-error.js';
import type { Migration } from '../source/migration.js';
import type { SchemaTarget, SchemaTargets } from '../targets/targets.js';
import { bring, type Manner, type Work } from './apply.js';
import { batches, bringTogether } from './batch.js';
import { known } from './failures.js';
import type { TargetOutcome } from './migrate-options.js';
import { plannedPolicies } from './policies.js';
import type { MigrateSettings } from './resolve-options.js';
import { canaryOf, throughRings } from './rings.js';
import { takeRunLock } from './run-lock.js';
import { RunPolicies } from './run-policies.js';
import type { RunState } from './run-state.js';
import { connect, runName } from './session.js';
import { Workers } from './workers.js';

/** Milliseconds between two looks at what a statement waits for that waits without end. */
const LOOK = 1_000;

const CANCELLED = `select pg_cancel_backend(pid) from pg_stat_activity where pid = any ($1) and wait_event_type = 'Lock'`;

/** A database that a run is at: the only run there, from {@link open} to {@link close}. */
export class DatabaseRun {
  readonly #settings: MigrateSettings;
  readonly #control: Client;
  readonly #tenant: string | null;
  readonly #workers: Workers;
  readonly #manner: Manner;
  #watch: NodeJS.Timeout | undefined;

  static async open(connection: string | ClientConfig, settings: MigrateSettings): Promise<DatabaseRun> {
    const name = runName();
    return DatabaseRun.#begin(connection, settings, null, name, await connect(connection, name));
  }

  /** A run on the database of a tenant; null where one look says that it is up to date (O5). */
  static async openBehind(
    connection: string | ClientConfig,
    settings: MigrateSettings,
    tenant: string,
    migrations: readonly Migration[],
  ): Promise<DatabaseRun | null> {
    const name = runName();
    const control = await connect(connection, name);
    let isBehind = false;
    try {
      isBehind = !(await isCurrent(control, migrations));
    } finally {
      if (!isBehind) await control.end().catch(() => {});
    }
    return isBehind ? DatabaseRun.#begin(connection, settings, tenant, name, control) : null;
  }

  static async #begin(
    connection: string | ClientConfig,
    settings: MigrateSettings,
    tenant: string | null,
    name: string,
    control: Client,
  ): Promise<DatabaseRun> {
    const run = new DatabaseRun(connection, settings, name, control, tenant);
    try {
      await takeRunLock(control, name, settings);
      // A dry run leaves nothing behind.
      if (!settings.dryRun) await createLedger(control);
      return run;
    } catch (error) {
      await run.close();
      throw known(error);
    }
  }

  private constructor(
    connection: string | ClientConfig,
    settings: MigrateSettings,
    name: string,
    control: Client,
    tenant: string | null,
  ) {
    this.#settings = settings;
    this.#workers = new Workers(() => connect(connection, name));
    this.#control = control;
    this.#tenant = tenant;
    const { lockTimeoutMillis, lockPatienceMillis, policies, targets, signal } = settings;
    this.#manner = {
      ...{ lockTimeoutMillis, lockPatienceMillis, signal },
      isOneEach: targets === null,
      policies: policies === null ? null : new RunPolicies(policies),
    };
  }

  /**
   * Finds which of `targets` are behind, by one query.
   *
   * @param state - told what is no work: up to date, set aside, or at odds with the migrations
   */
  async plan(
    migrations: readonly Migration[],
    targets: readonly SchemaTarget[] | null,
    state: RunState,
  ): Promise<readonly Work[]> {
    const names = targets === null ? [DATABASE] : targets.map(({ schema }) => schema);
    const { acceptEdited: accepted, dryRun } = this.#settings;
    if (accepted.size > 0 && !dryRun) {
      await acceptEdited(
        this.#control,
        names,
        migrations.filter(({ name }) => accepted.has(name)),
      );
    }
    const expected = await stateOf(this.#control, migrations);
    const { behind, missing, remade } = await readLedger(this.#control, names, expected).catch((error: unknown) => {
      throw known(error);
    });
    const { targets: all, onlyFailed, only } = this.#settings;
    const { role = null, shared = [] } = (all ?? {}) as Partial<SchemaTargets>;
    const work: Work[] = [];
    for (const { tenant, schema } of targets ?? [{ tenant: this.#tenant, schema: null }]) {
      const target = schema ?? DATABASE;
      const entries = behind.get(target);
      if (!entries) {
        state.current += 1;
        continue;
      }
      try {
        const isNew = missing.has(target);
        const isRemade = remade.has(target);
        if (isRemade || (isNew && entries.some(({ isApplied, done }) => isApplied || done > 0)))
          throw new MigrationError('target_lost', lossOf(target, isRemade));
        const pending = pendingMigrations(migrations, entries, accepted);
        const failed = quarantined(pending, entries);
        if (pending.length === 0) {
          state.current += 1;
          continue;
        }
        if (onlyFailed && !entries.some(({ failure }) => failure !== null)) continue;
        if (failed && all !== null && !onlyFailed && only === null) state.quarantined(tenant, schema, failed.failure);
        else work.push({ tenant, target, schema, isNew, role, shared, entries, pending });
      } catch (error) {
        if (targets === null) throw error;
        state.failed(tenant, schema, error);
      }
    }
    return work;
  }

  /** Brings all of `work` up to date, and says why it ended before its end. */
  async bringAll(work: readonly Work[], state: RunState): Promise<string | null> {
    const { workers, batch, canary, maxFailures, signal, onProgress } = this.#settings;
    this.#watch = setInterval(() => void this.#lookAtWaiting(), LOOK).unref();
    const tell = (item: Work, outcome: TargetOutcome) => {
      // Of the database of a tenant the run over all of them tells, which knows how many there are.
      if (this.#tenant !== null) return;
      onProgress({
        type: 'target',
        target: item.schema ?? 'the database',
        done: state.done,
        of: work.length,
        ...outcome,
      });
    };
    const one = async (item: Work, worker: number) => {
      try {
        await bring(await this.#workers.client(worker), item, this.#manner);
        state.migrated(item);
        tell(item, { outcome: 'migrated' });
        return 0;
      } catch (error) {
        await this.#workers.drop(worker);
        if (item.schema === null) throw error;
        state.failed(item.tenant, item.schema, error);
        tell(item, { outcome: 'failed', message: messageOf(error) });
        return 1;
      }
    };
    const isCanary = canaryOf(work, canary, ({ tenant }) => tenant);
    const groups = batches(work, batch, isCanary);
    return throughRings(groups, {
      ...{ workers, canary, maxFailures, signal, targets: work.length },
      tenantOf: ([first]) => first?.tenant ?? null,
      onCanary: (items) => onProgress({ type: 'canary', targets: items }),
      run: async (group, worker) => {
        if (group.length > 1 && (await this.#together(group, worker))) {
          for (const item of group) {
            state.migrated(item);
            tell(item, { outcome: 'migrated' });
          }
          return 0;
        }
        let failures = 0;
        for (const item of group) failures += await one(item, worker);
        return failures;
      },
    });
  }

  /** Writes down what `work` would be sent, of which nothing is. */
  async planAll(work: readonly Work[], state: RunState): Promise<void> {
    const { policies, targets } = this.#settings;
    const isThere = await hasLedger(this.#control);
    for (const item of work) {
      const compiled = policies === null ? null : await plannedPolicies(this.#control, item, policies);
      state.planned(item, targets === null, isThere, compiled);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    await this.#workers.close();
    await this.#control.end().catch(() => {});
  }

  /** False where one of them cannot be done, so that each is tried by itself (O4). */
  async #together(group: readonly Work[], worker: number): Promise<boolean> {
    try {
      return await bringTogether(await this.#workers.client(worker), group, this.#manner);
    } catch {
      await this.#workers.drop(worker);
      return false;
    }
  }

  async #lookAtWaiting(): Promise<void> {
    const pids = this.#workers.processes;
    if (this.#settings.signal?.aborted) {
      // What waits for old transactions has no end of its own, and no lock_timeout.
      await this.#control.query(CANCELLED, [pids]).catch(() => {});
      return;
    }
    const blockers = await readBlockers(this.#control, pids).catch(() => []);
    if (blockers.length === 0) return;
    this.#settings.onProgress({ type: 'waiting', target: 'a lock', blockers: blockers.map(namedBlocker) });
  }
}
