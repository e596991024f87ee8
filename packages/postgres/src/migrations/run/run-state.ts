import { messageOf } from '../../direct/connect-directly.js';
import type { FailedTarget, MigrateResult, PlannedTarget } from '../outcome/migrate-result.js';
import { MigrationError } from '../outcome/migration-error.js';
import type { Migration } from '../source/migration.js';
import type { Work } from './apply.js';
import { plannedSql } from './planned-sql.js';

/** The result of a run so far. */
export class RunState {
  readonly #applied = new Set<string>();
  readonly #failed: FailedTarget[] = [];
  readonly #quarantined: FailedTarget[] = [];
  readonly #planned: PlannedTarget[] = [];
  #migrated = 0;
  current = 0;

  migrated({ pending }: Work): void {
    this.#migrated += 1;
    for (const { migration } of pending) this.#applied.add(migration.name);
  }

  failed(tenant: string | null, schema: string | null, error: unknown): void {
    this.#failed.push({ tenant, schema, message: messageOf(error) });
  }

  quarantined(tenant: string | null, schema: string | null, message: string): void {
    this.#quarantined.push({ tenant, schema, message });
  }

  /**
   * @param hasLedger - true where the first of them need not make it
   * @param policies - the policies that run with it; null where none do
   */
  planned(work: Work, isOneEach: boolean, hasLedger: boolean, policies: string | null): void {
    const { tenant, schema, pending } = work;
    this.#planned.push({
      tenant,
      schema,
      migrations: pending.map(({ migration }) => migration.name),
      sql: plannedSql(work, isOneEach, hasLedger || this.#planned.length > 0, policies),
    });
  }

  get done(): number {
    return this.#migrated + this.#failed.length;
  }

  result(migrations: readonly Migration[], stopped: string | null): MigrateResult {
    return {
      applied: migrations.map(({ name }) => name).filter((name) => this.#applied.has(name)),
      migrated: this.#migrated,
      current: this.current,
      failed: this.#failed,
      quarantined: this.#quarantined,
      stopped,
      planned: this.#planned,
    };
  }
}

/**
 * @throws MigrationError `targets_failed`, with the result, where a target is behind after a run over many.
 */
export function refuseFailures(result: MigrateResult): MigrateResult {
  const { failed, quarantined, stopped } = result;
  if (failed.length + quarantined.length === 0 && stopped === null) return result;
  const shown = [...failed, ...quarantined.map((target) => ({ ...target, message: `set aside: ${target.message}` }))];
  const lines = shown.slice(0, 5).map(({ tenant, message }) => `- ${tenant}: ${message}`);
  const more = shown.length > 5 ? [`- and ${shown.length - 5} more, in \`result\``] : [];
  const ended = stopped === null ? '' : ` The run ended early, ${stopped}.`;
  throw new MigrationError(
    'targets_failed',
    `${result.migrated} targets were brought up to date, ${failed.length} failed, ${quarantined.length} were set aside because they had failed before.${ended} ` +
      'What failed is tried again when its migration has changed, or with `onlyFailed`.' +
      ['', ...lines, ...more].join('\n'),
    { result },
  );
}
