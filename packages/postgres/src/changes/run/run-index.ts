import { type Blocker, namedBlockers } from '../../direct/blockers.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from '../plan/change-error.js';
import { indexSignature } from '../plan/index-signature.js';
import { changeId } from '../plan/names.js';
import { recordDone } from '../plan/record.js';
import type { IndexStep, TableName } from '../plan/step.js';
import { patiently } from './patiently.js';
import { checkSignal, type Task, tell } from './run.js';
import { watched } from './watched.js';

interface Found {
  readonly isValid: boolean;
  readonly isSame: boolean;
  readonly isOn: boolean;
}

/** Builds an index beside writers: of a partitioned table, on one partition after the other. */
export async function runIndex(task: Task<IndexStep>): Promise<void> {
  const { run, step, number } = task;
  if (step.isPartitioned) await partitioned(task, step.table, step.index);
  else await concurrently(task, step.table, step.index);
  await recordDone(run.worker, run.name, number);
}

/** An index of one table, which is valid in the end, or not there. */
async function concurrently(task: Task<IndexStep>, table: TableName, index: string): Promise<void> {
  const { run, step } = task;
  const name = quoteQualified({ schema: table.schema, name: index });
  // O20: one that a run left half built is passed over by IF NOT EXISTS, and used by nobody.
  const before = await found(task, table, index);
  if (before?.isValid) return;
  if (before) await unhindered(task, `drop index concurrently ${name}`);
  const sql = `create ${step.isUnique ? 'unique ' : ''}index concurrently ${quoteIdentifier(index)} on ${quoteQualified(table)} ${step.body}`;
  try {
    await unhindered(task, sql);
  } catch (error) {
    // Who was in the way of the index is in the way of its end as well: the next run drops it then.
    await run.worker.query(`set lock_timeout = ${run.limits.lockTimeout}`).catch(() => {});
    await run.worker.query(`drop index concurrently if exists ${name}`).catch(() => {});
    await run.worker.query('set lock_timeout = 0').catch(() => {});
    if ((error as { readonly code?: string }).code !== '23505') throw error;
    throw new ChangeError(
      'change_failed',
      `${run.name}: rows of ${quoteQualified(table)} have the same key, so the unique index ${quoteIdentifier(index)} could not be built. At most an invalid one is left, which the next run drops. ` +
        'Make them differ, and run again.',
      { cause: error },
    );
  }
  if ((await found(task, table, index))?.isValid !== true) {
    throw new ChangeError('change_failed', `${name} was built and is not valid. Run again, which builds it anew.`);
  }
}

/**
 * The index as it is there now.
 *
 * @throws `change_impossible` where the name belongs to something else.
 */
async function found({ run, step }: Task<IndexStep>, table: TableName, index: string): Promise<Found | undefined> {
  const [one] = await readJson<Found>(
    run.worker,
    `select coalesce(i.indisvalid and i.indisready, false) as "isValid", i.indrelid is not distinct from t.oid as "isOn",
      coalesce(${indexSignature('i')} = $4, false) as "isSame"
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_class t on t.relname = $2 and t.relnamespace = n.oid left join pg_index i on i.indexrelid = c.oid
      where n.nspname = $1 and c.relname = $3`,
    [table.schema, table.name, index, step.signature],
  );
  if (!one || (one.isOn && one.isSame)) return one;
  throw new ChangeError(
    'change_impossible',
    `the name ${quoteIdentifier(index)} is that of something else: another index of ${quoteQualified(table)}, or of another table. It was left as it is. ` +
      'Give the new index another name, or drop that one.',
  );
}

/** Runs a statement that keeps no writer out and waits for every transaction that was there before it: they are named. */
async function unhindered(task: Task<IndexStep>, sql: string): Promise<void> {
  const { run, step } = task;
  const { giveUpAfter } = run.limits;
  let since: number | undefined;
  let inTheWay: readonly Blocker[] = [];
  let gaveUp = false;
  const seen = async (blockers: readonly Blocker[]) => {
    const isSame = blockers.some(({ pid }) => inTheWay.some((one) => one.pid === pid));
    if (!isSame || since === undefined) since = Date.now();
    inTheWay = blockers;
    tell(task, { state: 'waiting', for: 'lock', blockers });
    if (Date.now() - since < giveUpAfter) return;
    gaveUp = true;
    await run.observer.query('select pg_cancel_backend($1)', [run.workerPid]);
  };
  try {
    await watched(run, Math.min(500, Math.max(20, giveUpAfter / 4)), () => run.worker.query(sql), seen);
  } catch (error) {
    checkSignal(run);
    if (!gaveUp) throw error;
    throw new ChangeError(
      'change_blocked',
      `${run.name}, step "${step.name}", waited ${Math.round(giveUpAfter / 1000)} s for transactions that began before it. ` +
        `In the way: ${namedBlockers(inTheWay)}. At most an invalid index is left, which the next run drops; the steps before it are done. ` +
        'End that transaction, or wait for it, and run again.',
      { cause: error },
    );
  }
}

async function partitioned(task: Task<IndexStep>, table: TableName, index: string): Promise<void> {
  const { step } = task;
  const name = quoteQualified({ schema: table.schema, name: index });
  if (!(await found(task, table, index))) {
    const sql = `create ${step.isUnique ? 'unique ' : ''}index ${quoteIdentifier(index)} on only ${quoteQualified(table)} ${step.body}`;
    await briefly(task, sql);
  }
  for (const part of await unattached(task, table, index)) {
    const own = `${index.slice(0, 40)}_${changeId(`${part.schema}.${part.name}`)}`;
    if (part.isPartitioned) await partitioned(task, part, own);
    else await concurrently(task, part, own);
    await briefly(task, `alter index ${name} attach partition ${quoteQualified({ schema: part.schema, name: own })}`);
  }
  if ((await found(task, table, index))?.isValid !== true) {
    throw new ChangeError(
      'change_failed',
      `${name} is not valid, as a partition has no part of it. Run again, which builds it.`,
    );
  }
}

async function briefly(task: Task<IndexStep>, sql: string): Promise<void> {
  const { worker, limits } = task.run;
  await patiently(task, async () => {
    await worker.query(`set local lock_timeout = ${limits.lockTimeout}`);
    await worker.query(sql);
  });
}

function unattached({ run }: Task<IndexStep>, table: TableName, index: string) {
  return readJson<TableName & { readonly isPartitioned: boolean }>(
    run.worker,
    `select n.nspname as schema, c.relname as name, c.relkind = 'p' as "isPartitioned"
      from pg_inherits h join pg_class c on c.oid = h.inhrelid join pg_namespace n on n.oid = c.relnamespace
      where h.inhparent = $1::regclass and not exists (
        select from pg_inherits a join pg_index i on i.indexrelid = a.inhrelid where a.inhparent = $2::regclass and i.indrelid = c.oid)
      order by 1, 2`,
    [quoteQualified(table), quoteQualified({ schema: table.schema, name: index })],
  );
}
