import type { Client } from 'pg';
import type { RunOptions } from './change-options.js';
import { ChangeError } from './plan/change-error.js';
import { lastingOf, lostMessage } from './plan/lasting.js';
import { type Change, planChange } from './plan/plan-change.js';
import { type ChangeRecord, checksumOf, insertRecord, readRecords } from './plan/record.js';
import { type ChangeStep, sqlOf } from './plan/step-sql.js';
import type { ChangeProgress } from './run/progress.js';
import type { Limits } from './run/run.js';
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

/** Makes one change, or goes on with it, in a session of its own. */
export async function makeChange(
  options: RunOptions & { readonly limits: Limits },
  wanted: Change,
  name: string,
): Promise<ChangeResult> {
  const { connection, limits, signal, onProgress, dryRun = false } = options;
  const waiting = (blockers: NonNullable<ChangeProgress['blockers']>) =>
    onProgress?.({ change: name, step: 'begin', number: 0, of: 0, state: 'waiting', for: 'run', blockers });
  return inSession({ connection, name, table: wanted.table, signal, isDry: dryRun, waiting }, async (session) => {
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
    if (known.checksum === checksumOf(wanted)) {
      const lasting = known.state === 'done' ? await lastingOf(client, wanted) : 'there';
      if (lasting === 'there') return known;
      if (lasting !== 'again') throw new ChangeError('change_differs', lostMessage(known, lasting.gone));
      return planned(client, wanted, name, dryRun);
    }
    throw new ChangeError(
      'change_differs',
      `${name} stands for another change of this database, which is ${known.state === 'done' ? 'done' : `at step ${known.step + 1} of ${known.steps.length}`}. Nothing was done. ` +
        'Give this one a `name` of its own, or end the other one first.',
    );
  }
  return planned(client, wanted, name, dryRun);
}

async function planned(client: Client, wanted: Change, name: string, dryRun: boolean) {
  const steps = await planChange(client, wanted, name);
  if (!dryRun) await insertRecord(client, { name, definition: wanted, steps });
  return { steps, step: 0, state: 'running' } as const;
}
