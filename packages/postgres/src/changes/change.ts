import type { Client } from 'pg';
import { type ChangeOptions, limitsOf } from './change-options.js';
import { ChangeError } from './plan/change-error.js';
import { type Change, planChange, usualName } from './plan/plan-change.js';
import { type ChangeStep, sqlOf } from './plan/step-sql.js';
import type { ChangeProgress } from './run/progress.js';
import { type ChangeRecord, checksumOf, insertRecord, readRecords } from './run/record.js';
import { runSteps } from './run/run-steps.js';
import { inSession } from './run/session.js';

/** The result of {@link change}. */
export interface ChangeResult {
  /** Name under which it is kept in `public.tenancy_changes`. */
  readonly name: string;
  /** All of its steps. */
  readonly steps: readonly ChangeStep[];
  /** Names of the steps that this call did: fewer than all of them where another one did the rest. */
  readonly done: readonly string[];
}

/**
 * Changes a table while others write to it: in steps that are written down in `public.tenancy_changes`, each of which is done as a
 * whole or not at all. No writer waits longer than `lockTimeout` and a batch. It may be stopped at any moment, with `kill -9` too;
 * calling it again goes on where it was, and when it is done, does nothing.
 *
 * Of several calls for one table at the same time, one works and the others wait. Two connections are opened and closed.
 *
 * @throws ChangeError `change_impossible` or `change_not_permitted` when the table, or the role, is not as the change needs it, and
 * then nothing is done; `change_differs` when the name stands for another change; `change_blocked` when a lock was not to be had,
 * naming who holds it; `change_failed` when a step fails; `change_interrupted` by `signal`; `pooler_in_between` behind a pooler.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown, and where nothing says which database is meant.
 *
 * @example
 * ```ts
 * import { addColumn, change } from '@tenancy/postgres/changes';
 *
 * await change({
 *   connection: 'postgres://maintenance@localhost/app',
 *   change: addColumn({ table: { name: 'job' }, column: 'region', type: 'text', value: "'eu'", notNull: true }),
 *   onProgress: ({ step, rows, estimate }) => console.error(step, rows, estimate),
 * });
 * ```
 */
export async function change(options: ChangeOptions): Promise<ChangeResult> {
  const limits = limitsOf(options);
  const { connection, change: wanted, signal, onProgress, dryRun = false } = options;
  const name = options.name ?? usualName(wanted);
  const waiting = (blockers: NonNullable<ChangeProgress['blockers']>) =>
    onProgress?.({ change: name, step: 'begin', number: 0, of: 0, state: 'waiting', for: 'run', blockers });
  return inSession({ connection, name, table: wanted.table, signal, waiting }, async (session) => {
    const record = await recordOf(session.worker, wanted, name, dryRun);
    const done =
      dryRun || record.state === 'done' ? [] : await runSteps({ name, ...session, limits, signal, onProgress }, record);
    return { name, steps: record.steps.map(sqlOf), done };
  });
}

async function recordOf(
  client: Client,
  wanted: Change,
  name: string,
  dryRun: boolean,
): Promise<Pick<ChangeRecord, 'steps' | 'step' | 'state'>> {
  const [known] = await readRecords(client, name);
  if (known && known.state !== 'abandoned') {
    if (known.checksum === checksumOf(wanted)) return known;
    throw new ChangeError(
      'change_differs',
      `${name} stands for another change of this database, which is ${known.state === 'done' ? 'done' : `at step ${known.step + 1} of ${known.steps.length}`}. Nothing was done. ` +
        'Give this one a `name` of its own, or end the other one first.',
    );
  }
  const steps = await planChange(client, wanted, name);
  if (!dryRun) await insertRecord(client, { name, definition: wanted, steps });
  return { steps, step: 0, state: 'running' };
}
