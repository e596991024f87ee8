import { quoteQualified } from '../../policies/quoting.js';
import { recordDone } from '../plan/record.js';
import type { StatementStep } from '../plan/step.js';
import { aboveDeadlock, patiently } from './patiently.js';
import type { Task } from './run.js';

/** Runs the statements of a step in one transaction with the record that they are done. */
export async function runStatement(task: Task<StatementStep>): Promise<void> {
  const { run, step, number } = task;
  await together(task, step.sql, step.isExclusive, () => recordDone(run.worker, run.name, number));
}

/** Runs statements about the step's table in one transaction, and `last` at its end. */
export async function together(
  task: Task,
  statements: readonly string[],
  isExclusive: boolean,
  last: () => Promise<void> = async () => {},
): Promise<void> {
  const { worker, limits } = task.run;
  const long = await aboveDeadlock(task);
  await patiently(task, async (attempt) => {
    // O23: an autovacuum ends for who waits long, and behind an exclusive lock that waits, writers would. This one keeps none out.
    if (isExclusive && attempt > 1) {
      await worker.query(`set local lock_timeout = ${long}`);
      await worker.query(`lock table ${quoteQualified(task.step.table)} in share update exclusive mode`);
    }
    // O22: the wait is bounded, and the hold. A scan is in nobody's way, and may take both.
    const [wait, hold] = isExclusive ? [limits.lockTimeout, limits.statementTimeout] : [long, 0];
    await worker.query(`set local lock_timeout = ${wait}; set local statement_timeout = ${hold && wait + hold}`);
    for (const sql of statements) await worker.query(sql);
    await last();
  });
}
