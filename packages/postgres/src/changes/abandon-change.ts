import type { Client } from 'pg';
import { requireName } from '../errors/require-arguments.js';
import { type ConnectedOptions, LIMITS, requireConnected } from './change-options.js';
import { ChangeError } from './plan/change-error.js';
import { isRenaming, lastingOf } from './plan/lasting.js';
import type { Change } from './plan/plan-change.js';
import { readRecords } from './plan/record.js';
import { connect } from './run/connect.js';
import { runUndo } from './run/run-undo.js';
import { inSession } from './run/session.js';

/** Options of {@link abandonChange}. */
export interface AbandonChangeOptions extends ConnectedOptions {
  /** Name of the change, as {@link change} returned it and `public.tenancy_changes` has it. */
  readonly name: string;
}

/**
 * Gives a change up that is not done, or a rename that is not finished: what its steps left is undone, a column that it added goes with
 * all that was written to it. So is one that was done, and of which something else took away what it made. The same change may be made again
 * afterwards.
 *
 * @returns the names of the steps that were undone, the last one first
 * @throws ChangeError `change_unknown` where there is none of this name; `change_impossible` where it is done; `change_blocked` when a
 * lock was not to be had.
 *
 * @example
 * ```ts
 * import { abandonChange } from '@tenancy/postgres/changes';
 *
 * await abandonChange({ connection: 'postgres://maintenance@localhost/app', name: 'add column "public"."job".region' });
 * ```
 */
export async function abandonChange(options: AbandonChangeOptions): Promise<readonly string[]> {
  requireConnected('abandonChange', options, ['name']);
  requireName('abandonChange', 'name', options.name);
  const { connection, name } = options;
  const { definition } = await known(options);
  return inSession(
    { connection, name, table: definition.table, signal: undefined, waiting: () => {} },
    async (session) => {
      const [record] = await readRecords(session.worker, name);
      if (!record || record.state === 'abandoned') return [];
      if (record.state === 'done' && !(await isOpen(session.worker, definition))) {
        throw new ChangeError(
          'change_impossible',
          `${name} is done, and cannot be given up any more. Nothing was done. Undo it by a change of its own.`,
        );
      }
      const run = { ...session, name, limits: LIMITS, signal: undefined, onProgress: undefined };
      return runUndo(run, record);
    },
  );
}

/**
 * True for a rename that is not finished, whose second column is a copy, and for a change whose own has gone.
 *
 * Once it is finished, the new name is that of the column itself.
 */
async function isOpen(client: Client, change: Change): Promise<boolean> {
  const lasting = await lastingOf(client, change);
  if (typeof lasting === 'object') return true;
  return change.kind === 'rename column' && (await isRenaming(client, change));
}

async function known({ connection, name }: AbandonChangeOptions): Promise<{ readonly definition: Change }> {
  const client = await connect(connection, 'tenancy change', 'public, pg_temp');
  try {
    const [record] = await readRecords(client, name);
    if (record) return record as { readonly definition: Change };
  } finally {
    await client.end();
  }
  throw new ChangeError(
    'change_unknown',
    `no change of this database is named ${JSON.stringify(name)}. Nothing was done. Look for its name with \`changeStatus\`.`,
  );
}
