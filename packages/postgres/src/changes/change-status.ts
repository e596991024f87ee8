import { readJson } from '../protocol/read-json.js';
import { type ConnectedOptions, requireConnected } from './change-options.js';
import { changeId } from './plan/names.js';
import type { Change } from './plan/plan-change.js';
import { readRecords } from './plan/record.js';
import { connect } from './run/connect.js';

/** A change of a database, as it stands. */
export interface ChangeStatus {
  readonly name: string;
  /** The change, as it was given. */
  readonly change: Change;
  /** `running` is what was begun and is not done; a run that was killed leaves it so. */
  readonly state: 'running' | 'failed' | 'done' | 'abandoned';
  /** True while a run works on it. */
  readonly isActive: boolean;
  /** Names of its steps, and how many of them are done. */
  readonly steps: readonly string[];
  readonly done: number;
  /** Rows that a backfill is past, of about `estimate`. */
  readonly rows: number;
  readonly estimate: number | null;
  /** The last error, as {@link change} threw it. */
  readonly error: string | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

/**
 * The changes of a database, in the order in which they were begun. It changes nothing.
 *
 * @example
 * ```ts
 * import { changeStatus } from '@tenancy/postgres/changes';
 *
 * for (const { name, state, done, steps } of await changeStatus({ connection: 'postgres://maintenance@localhost/app' })) {
 *   console.log(name, state, `${done}/${steps.length}`);
 * }
 * ```
 */
export async function changeStatus(options: ConnectedOptions): Promise<readonly ChangeStatus[]> {
  requireConnected('changeStatus', options, []);
  const client = await connect(options.connection, 'tenancy change', 'public, pg_temp');
  try {
    const sql = `select distinct split_part(application_name, ' ', 3) as id from pg_stat_activity
      where datname = current_database() and application_name like 'tenancy change % worker'`;
    const active = new Set((await readJson<{ id: string }>(client, sql)).map(({ id }) => id));
    return (await readRecords(client)).map((record) => ({
      ...{ name: record.name, change: record.definition as Change, state: record.state, error: record.error },
      isActive: active.has(changeId(record.name)),
      steps: record.steps.map(({ name }) => name),
      ...{ done: record.step, rows: record.rows, estimate: record.estimate },
      startedAt: new Date(record.startedAt),
      updatedAt: new Date(record.updatedAt),
      finishedAt: record.finishedAt === null ? null : new Date(record.finishedAt),
    }));
  } finally {
    await client.end();
  }
}
