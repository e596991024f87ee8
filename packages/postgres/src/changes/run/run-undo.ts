import { quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { type ChangeRecord, recordState } from '../plan/record.js';
import type { Run } from './run.js';
import { together } from './run-statement.js';

/** Undoes what the steps left that are done, and the one that was under way, the last one first. Returns their names. */
export async function runUndo(
  run: Run,
  { steps, step: done }: Pick<ChangeRecord, 'steps' | 'step'>,
): Promise<string[]> {
  const names: string[] = [];
  const tables = await readJson<{ isThere: boolean }>(
    run.worker,
    'select to_regclass(t) is not null as "isThere" from unnest($1::text[]) with ordinality as u (t, n) order by n',
    [steps.map(({ table }) => quoteQualified(table))],
  );
  for (const [index, step] of [...steps.entries()].reverse()) {
    if (index > done || step.undo.length === 0) continue;
    const task = { run, step, number: index + 1, of: steps.length };
    // Not in a transaction, as it keeps no writer out.
    if (step.kind === 'index' && !step.isPartitioned) for (const sql of step.undo) await run.worker.query(sql);
    else if (tables[index]?.isThere) await together(task, step.undo, true);
    // With the table all has gone but what is beside it.
    else for (const sql of step.undo) if (!sql.startsWith('alter table')) await run.worker.query(sql);
    names.push(step.name);
  }
  await recordState(run.worker, run.name, 'abandoned', null);
  return names;
}
