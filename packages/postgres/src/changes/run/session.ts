import { randomBytes } from 'node:crypto';
import type { Client, ClientConfig } from 'pg';
import type { Blocker } from '../../direct/blockers.js';
import { quoteIdentifier } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { isChangeError } from '../plan/change-error.js';
import { changeId } from '../plan/names.js';
import { ensureRecord } from '../plan/record.js';
import type { TableName } from '../plan/step.js';
import { connect } from './connect.js';
import { applicationName, lockTable } from './lock.js';
import { checkSignal, pause } from './run.js';

/** The two connections of a run, which has the table to itself among runs. */
export interface Session {
  readonly worker: Client;
  readonly observer: Client;
  readonly workerPid: number;
}

export interface SessionOptions {
  readonly connection: string | ClientConfig;
  readonly name: string;
  readonly table: TableName;
  readonly signal: AbortSignal | undefined;
  /** True where not even the table of the steps is made. */
  readonly isDry?: boolean;
  /** Hears which other runs are waited for. */
  readonly waiting: (holders: readonly Blocker[]) => void;
}

/** Opens a session, runs `work` in it, and closes it. */
export async function inSession<R>(options: SessionOptions, work: (session: Session) => Promise<R>): Promise<R> {
  const { connection, name, table, signal } = options;
  const [id, run] = [changeId(name), randomBytes(4).toString('hex')];
  const path = `${quoteIdentifier(table.schema)}, public, pg_temp`;
  // The observer is there first and goes last: a worker without one is an orphan.
  const observer = await connect(connection, applicationName(id, run, 'observer'), path);
  let worker: Client | undefined;
  let abort = () => {};
  try {
    worker = await connect(connection, applicationName(id, run, 'worker'), path);
    const [own] = await readJson<{ pid: number }>(worker, 'select pg_backend_pid() as pid');
    const session = { worker, observer, workerPid: own?.pid ?? 0 };
    await lockTable(worker, lockKey(table), { name, signal }, options.waiting);
    // The statement under way is cancelled; the loops look at the signal themselves.
    abort = () => void observer.query('select pg_cancel_backend($1)', [session.workerPid]).catch(() => {});
    signal?.addEventListener('abort', abort);
    if (options.isDry !== true) await ensureRecord(worker);
    return await work(session);
  } catch (error) {
    // Cancelled before the first step, or between two.
    if (!isChangeError(error)) checkSignal({ name, signal });
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    await worker?.end().catch(() => {});
    // The lock is free when the server process has gone, which is a moment after the goodbye.
    await gone(observer, applicationName(id, run, 'worker'));
    await observer.end().catch(() => {});
  }
}

export function lockKey({ schema, name }: TableName): string {
  return `public.tenancy_changes:${JSON.stringify([schema, name])}`;
}

async function gone(observer: Client, application: string): Promise<void> {
  const sql = 'select from pg_stat_activity where application_name = $1';
  for (let looks = 0; looks < 50; looks += 1) {
    const rows = await observer.query(sql, [application]).then(
      ({ rowCount }) => rowCount,
      () => 0,
    );
    if (rows === 0) return;
    await pause({ name: application, signal: undefined }, 10);
  }
}
