import { type ChangeRecord, recordState } from './record.js';
import type { Run } from './run.js';
import { together } from './run-statement.js';

/** Undoes what the steps left that are done, and the one that was under way, the last one first. Returns their names. */
export async function runUndo(
  run: Run,
  { steps, step: done }: Pick<ChangeRecord, 'steps' | 'step'>,
): Promise<string[]> {
  const names: string[] = [];
  for (const [index, step] of [...steps.entries()].reverse()) {
    if (index > done || step.undo.length === 0) continue;
    const task = { run, step, number: index + 1, of: steps.length };
    // Not in a transaction, as it keeps no writer out.
    if (step.kind === 'index' && !step.isPartitioned) for (const sql of step.undo) await run.worker.query(sql);
    else await together(task, step.undo, true);
    names.push(step.name);
  }
  await recordState(run.worker, run.name, 'abandoned', null);
  return names;
}
