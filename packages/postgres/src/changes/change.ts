import { type ChangeOptions, requireChange } from './change-options.js';
import { type ChangeResult, makeChange } from './make-change.js';
import { usualName } from './plan/plan-change.js';

/**
 * Changes a table while others write to it: in steps that are written down in `public.tenancy_changes`, each of which is done as a
 * whole or not at all. No writer waits longer than `lockTimeout` and a batch. It may be stopped at any moment, with `kill -9` too;
 * calling it again goes on where it was, and when it is done, does nothing.
 *
 * Of several calls for one table at the same time, one works and the others wait. Two connections are opened and closed.
 *
 * @throws ChangeError `change_impossible` or `change_not_permitted` when the table, or the role, is not as the change needs it, and
 * then nothing is done; `change_differs` when the name stands for another change; `change_blocked` when a lock was not to be had,
 * naming who holds it; `change_failed` when a step fails; `change_interrupted` by `signal`; `pooler_in_between` behind a pooler.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown, and where nothing says which database is meant.
 *
 * @example
 * ```ts
 * import { addColumn, change } from '@tenancy/postgres/changes';
 *
 * await change({
 *   connection: 'postgres://maintenance@localhost/app',
 *   change: addColumn({ table: { name: 'job' }, column: 'region', type: 'text', value: "'eu'", notNull: true }),
 *   onProgress: ({ step, rows, estimate }) => console.error(step, rows, estimate),
 * });
 * ```
 */
export async function change(options: ChangeOptions): Promise<ChangeResult> {
  const limits = requireChange(options);
  const { change: wanted, name = usualName(wanted) } = options;
  return makeChange({ ...options, limits }, wanted, name);
}
