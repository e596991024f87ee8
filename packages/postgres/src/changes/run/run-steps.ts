import type { DatabaseError } from 'pg';
import { saidByServer } from '../../errors/said-by-server.js';
import { doBlock, quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { ChangeError, isChangeError } from '../plan/change-error.js';
import { enclosed } from '../plan/names.js';
import { type ChangeRecord, recordDone, recordState } from '../plan/record.js';
import type { Step } from '../plan/step.js';
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
  const { code = '' } = cause as DatabaseError;
  const before = number === 1 ? 'nothing was done before it' : 'the steps before it are done';
  return new ChangeError(
    code === '42501' ? 'change_not_permitted' : 'change_failed',
    `${run.name}, step "${step.name}": ${saidByServer(cause)}. Nothing of this step is left but what a backfill has committed; ${before}. ` +
      `Correct the cause and run again, or give the change up with \`abandonChange\`.${ofARow(code) ? howToFind(step) : ''}`,
    { cause },
  );
}

/** True for an error about a value, or that a function raised: it is a row that the value of the step was refused for. */
function ofARow(code: string): boolean {
  return /^(?:22|P0)/.test(code);
}

/** A block that says the keys of the rows, to whoever may read them. It runs on every version. */
function howToFind(step: Step): string {
  if (step.kind !== 'backfill') return '';
  const { key, column, value } = step;
  const table = quoteQualified(step.table);
  const own = quoteIdentifier(step.table.name);
  const names = `(${key.map(({ name }) => `${own}.${quoteIdentifier(name)}`).join(', ')})`;
  const keys = key.map((_, n) => `tenancy_r.tenancy_k${n}`).join(', ');
  const selected = key.map(({ name }, n) => `${own}.${quoteIdentifier(name)} as tenancy_k${n}`).join(', ');
  const body = [
    `#variable_conflict use_column\ndeclare tenancy_r record; tenancy_v ${table}.${quoteIdentifier(column)}%type;`,
    `begin for tenancy_r in select ${selected} from ${table} as ${own} loop`,
    `begin select ${enclosed(value)} into tenancy_v from ${table} as ${own} where ${names} = (${keys});`,
    "exception when others then raise notice '% %', sqlstate, tenancy_r; end; end loop; end",
  ].join(' ');
  return ` The keys of such rows, as notices: ${doBlock(body)}`;
}
