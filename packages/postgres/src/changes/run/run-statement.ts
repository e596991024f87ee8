import { quoteQualified } from '../../policies/quoting.js';
import type { StatementStep } from '../plan/step.js';
import { aboveDeadlock, patiently } from './patiently.js';
import { recordDone } from './record.js';
import type { Task } from './run.js';

/** Runs the statements of a step in one transaction with the record that they are done. */
export async function runStatement(task: Task<StatementStep>): Promise<void> {
  const { run, step, number } = task;
  const { worker, limits } = run;
  const long = await aboveDeadlock(task);
  await patiently(task, async (attempt) => {
    // O23: an autovacuum ends for who waits long, and behind an exclusive lock that waits, writers would. This one keeps none out.
    if (step.isExclusive && attempt > 1) {
      await worker.query(`set local lock_timeout = ${long}`);
      await worker.query(`lock table ${quoteQualified(step.table)} in share update exclusive mode`);
    }
    // O22: the wait is bounded, and the hold. A scan is in nobody's way, and may take both.
    const [wait, hold] = step.isExclusive ? [limits.lockTimeout, limits.statementTimeout] : [long, 0];
    await worker.query(`set local lock_timeout = ${wait}; set local statement_timeout = ${hold && wait + hold}`);
    for (const sql of step.sql) await worker.query(sql);
    await recordDone(worker, run.name, number);
  });
}
