import type { DatabaseError } from 'pg';
import { ChangeError, isChangeError } from '../plan/change-error.js';
import type { Step } from '../plan/step.js';
import { type ChangeRecord, recordDone, recordState } from './record.js';
import { checkSignal, type Run, type Task, tell } from './run.js';
import { runBackfill } from './run-backfill.js';
import { runIndex } from './run-index.js';
import { runStatement } from './run-statement.js';

/** Does the steps that are not done yet. Returns their names. */
export async function runSteps(
  run: Run,
  { steps, step: done }: Pick<ChangeRecord, 'steps' | 'step'>,
): Promise<string[]> {
  const names: string[] = [];
  await recordState(run.worker, run.name, 'running', null);
  for (const [index, step] of steps.entries()) {
    if (index < done) continue;
    const task = { run, step, number: index + 1, of: steps.length };
    checkSignal(run);
    tell(task, { state: 'started' });
    try {
      await runStep(task);
    } catch (error) {
      const clear = clearly(task, error);
      const state = isChangeError(clear, 'change_interrupted') ? 'running' : 'failed';
      await recordState(run.observer, run.name, state, clear.message).catch(() => {});
      throw clear;
    }
    tell(task, { state: 'done' });
    names.push(step.name);
  }
  // No step says it in its own transaction.
  if (steps.length === 0) await recordDone(run.worker, run.name, 0);
  return names;
}

function runStep(task: Task): Promise<void> {
  const { step } = task;
  switch (step.kind) {
    case 'statement':
      return runStatement({ ...task, step });
    case 'backfill':
      return runBackfill({ ...task, step });
    case 'index':
      return runIndex({ ...task, step });
  }
}

function clearly({ run, step, number }: Task<Step>, cause: unknown): ChangeError {
  if (isChangeError(cause)) return cause as ChangeError;
  if (run.signal?.aborted) {
    return new ChangeError(
      'change_interrupted',
      `${run.name} was told to stop in step "${step.name}". What is done is written down, and running it again goes on from there.`,
      { cause },
    );
  }
  const { code, message } = cause as DatabaseError;
  const before = number === 1 ? 'nothing was done before it' : 'the steps before it are done';
  // A message of a constraint may show a value in its detail, but not in itself.
  return new ChangeError(
    code === '42501' ? 'change_not_permitted' : 'change_failed',
    `${run.name}, step "${step.name}": ${message}. Nothing of this step is left but what a backfill has committed; ${before}. ` +
      'Correct the cause and run again, or give the change up with `abandonChange`.',
    { cause },
  );
}
