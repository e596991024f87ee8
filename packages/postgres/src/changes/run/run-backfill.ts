import { quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from '../plan/change-error.js';
import { RECORD, readRecords, recordDone } from '../plan/record.js';
import type { BackfillStep } from '../plan/step.js';
import { type Batch, fillSql, lastKeySql, leftSql, nextBatchSql } from './batch.js';
import { patiently } from './patiently.js';
import { Replicas } from './replicas.js';
import { checkSignal, pause, type Task, tell } from './run.js';
import { isWaitedFor } from './watched.js';

const FIRST_BATCH = 200;
const SMALLEST_BATCH = 20;
const LARGEST_BATCH = 20_000;

/** Milliseconds of a pause for those that wait for rows of the batch, or for replicas. */
const REST = 250;

/** Rows below which a table is not worth a VACUUM on the way. */
const SMALL = 10_000;

interface Progress {
  cursor: readonly string[] | null;
  rows: number;
  readonly estimate: number;
}

/** Fills every row, in passes by primary key, until none is left without a value. */
export async function runBackfill(task: Task<BackfillStep>): Promise<void> {
  const { run, step, number } = task;
  const progress = await started(task);
  for (;;) {
    const filled = await pass(task, progress);
    checkSignal(run);
    if ((await readJson(run.worker, leftSql(step))).length === 0) break;
    if (filled === 0) throw await unfilled(task);
    progress.cursor = null;
    progress.rows = 0;
  }
  await recordDone(run.worker, run.name, number);
}

async function started({ run, step }: Task<BackfillStep>): Promise<Progress> {
  const [record] = await readRecords(run.observer, run.name);
  if (record?.estimate != null) return { cursor: record.cursor, rows: record.rows, estimate: record.estimate };
  const title = quoteQualified(step.table);
  // Of a table that was never analyzed, -1.
  const [known] = await readJson<{ rows: number; least: number }>(
    run.observer,
    `select sum(c.reltuples)::bigint as rows, min(c.reltuples) as least from pg_class c
      where c.relkind = 'r' and (c.oid = $1::regclass or c.oid in (select relid from pg_partition_tree($1::regclass)))`,
    [title],
  );
  const counted = async () =>
    (await readJson<{ rows: number }>(run.observer, `select count(*) as rows from ${title}`))[0];
  const estimate = known && known.least >= 0 && known.rows > 0 ? known.rows : ((await counted())?.rows ?? 0);
  await run.worker.query(`update ${RECORD} set estimate = $2 where name = $1`, [run.name, estimate]);
  return { cursor: null, rows: 0, estimate };
}

/** One walk over the table, from the cursor on. Returns how many rows it filled. */
async function pass(task: Task<BackfillStep>, progress: Progress): Promise<number> {
  const { run, step } = task;
  const { batchTime, maxShare, maxReplicationLag } = run.limits;
  const replicas = new Replicas();
  const [end] = await readJson<{ key: readonly string[] }>(run.worker, lastKeySql(step));
  if (!end) return 0;
  const began = { at: Date.now(), rows: progress.rows };
  let size = FIRST_BATCH;
  let filled = 0;
  let vacuumed = progress.rows;
  // Rows after which versions are made room of. A batch of more would leave twice as many behind.
  const share = Math.max(SMALL, progress.estimate / 10);
  for (;;) {
    checkSignal(run);
    const batch = await oneBatch(
      task,
      progress,
      end.key,
      () => size,
      () => {
        size = Math.max(1, Math.floor(size / 2));
      },
    );
    const { took } = batch;
    filled += batch.filled;
    if (batch.isLast) return filled;
    const rate = (1_000 * (progress.rows - began.rows)) / Math.max(1, Date.now() - began.at);
    const left = Math.max(0, progress.estimate - progress.rows);
    tell(task, {
      ...{ state: 'filling', rows: progress.rows, estimate: progress.estimate, rate },
      endsAt: new Date(Date.now() + (1_000 * left) / Math.max(rate, 0.001)),
    });
    // O26: without it the table grows to twice its size.
    if (progress.rows - vacuumed >= share) {
      vacuumed = progress.rows;
      await vacuum(task);
    }
    const factor = batch.wasWaitedFor ? 0.5 : Math.min(2, Math.max(0.5, batchTime / Math.max(1, took)));
    size = Math.min(LARGEST_BATCH, Math.floor(share), Math.max(SMALLEST_BATCH, Math.round(size * factor)));
    if (batch.wasWaitedFor) await pause(run, REST);
    await pause(run, took * (1 / maxShare - 1));
    while (await replicas.areBehind(run.observer, maxReplicationLag)) {
      tell(task, { state: 'waiting', for: 'replica' });
      await pause(run, REST);
    }
  }
}

async function oneBatch(
  task: Task<BackfillStep>,
  progress: Progress,
  end: readonly string[],
  size: () => number,
  smaller: () => void,
) {
  const { run, step } = task;
  const { worker, name, limits } = run;
  let batch: Batch = { seen: 0, last: null };
  let filled = 0;
  // Of the try that was committed: what it waited for others is no work.
  let start = 0;
  let wasWaitedFor = false;
  await patiently(task, async (attempt) => {
    start = performance.now();
    // Rows that others hold are fewer in a smaller batch.
    if (attempt > 1) smaller();
    await worker.query(`set local lock_timeout = ${limits.lockTimeout}`);
    const cursor = progress.cursor ?? [];
    const isFirst = progress.cursor === null;
    [batch = batch] = await readJson<Batch>(worker, nextBatchSql(step, isFirst), [size(), ...end, ...cursor]);
    if (batch.last === null) return;
    filled = (await worker.query(fillSql(step, isFirst), [...batch.last, ...cursor])).rowCount ?? 0;
    wasWaitedFor = await isWaitedFor(run);
    await worker.query(`update ${RECORD} set cursor = $2, rows = $3, updated_at = clock_timestamp() where name = $1`, [
      name,
      JSON.stringify(batch.last),
      progress.rows + batch.seen,
    ]);
  });
  if (batch.last !== null) {
    progress.cursor = batch.last;
    progress.rows += batch.seen;
  }
  return { isLast: batch.last === null, filled, wasWaitedFor, took: performance.now() - start };
}

/** Makes room of the versions that are left behind. Without the truncation, which would take an exclusive lock. */
async function vacuum({ run, step }: Task<BackfillStep>): Promise<void> {
  await run.worker.query(`set lock_timeout = ${run.limits.lockTimeout}`);
  try {
    // One that cannot have its lock now is one that is going on already.
    await run.worker
      .query(`vacuum (truncate false) ${quoteQualified(step.table)}`)
      .catch((error: { code?: string }) => {
        if (error.code !== '55P03') throw error;
      });
  } finally {
    await run.worker.query('set lock_timeout = 0').catch(() => {});
  }
}

async function unfilled({ run, step }: Task<BackfillStep>): Promise<ChangeError> {
  const sql = `select count(*) as rows from ${quoteQualified(step.table)} where "${step.column.replaceAll('"', '""')}" is null`;
  const [left] = await readJson<{ rows: number }>(run.observer, sql);
  return new ChangeError(
    'change_failed',
    `${run.name}: the value is NULL for ${left?.rows ?? 'some'} rows of ${quoteQualified(step.table)}, which may not be. All other rows are filled, and the ` +
      'trigger that fills new ones is in place. Give these rows what the value is made of, and run again; or give the change up with `abandonChange`.',
  );
}
