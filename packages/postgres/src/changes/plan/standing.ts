import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from './change-error.js';
import { isSame } from './key-catalog.js';
import { changeId, renameName } from './names.js';
import type { Change } from './plan-change.js';
import { probing, type Read } from './probe.js';
import { readRecords } from './record.js';
import type { RenameColumn } from './rename-column.js';
import type { TableName } from './step.js';

/** A change whose trigger is there, on whatever table. */
interface Standing {
  readonly name: string;
  readonly change: Change;
  readonly isDone: boolean;
}

async function readStanding(client: ClientBase): Promise<Standing[]> {
  const found = await readJson<{ id: string; table: TableName }>(
    client,
    `select substr(p.proname, length('tenancy_change_') + 1) as id, json_build_object('schema', n.nspname, 'name', c.relname) as table
      from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and p.proname like 'tenancy\\_change\\_%'`,
  );
  if (found.length === 0) return [];
  return (await readRecords(client)).flatMap(({ name, definition, state }) => {
    const change = definition as Change;
    const id = changeId(change.kind === 'rename column' ? renameName(change) : name);
    const isThere = found.some((one) => one.id === id && isSame(one.table, change.table));
    return isThere && state !== 'abandoned' ? [{ name, change, isDone: state === 'done' }] : [];
  });
}

/**
 * The trigger of a rename copies one name to the other, in an order with other triggers that is not to be relied on; and after the rename
 * the name that an expression reads is gone.
 *
 * @throws `change_impossible` where a column that is read has two names for now.
 */
export async function refuseRenamed(
  client: ClientBase,
  reads: readonly Pick<Read, 'table' | 'column'>[],
): Promise<void> {
  for (const { name, change } of await readStanding(client)) {
    if (change.kind !== 'rename column') continue;
    const read = reads.find((one) => isSame(one.table, change.table) && [change.from, change.to].includes(one.column));
    if (!read) continue;
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(read.table)}.${quoteIdentifier(read.column)} is what this is about, and has two names for now (${name}). Nothing was done. ` +
        `End that with \`finishRename\` first, or take it back with \`abandonChange\`, and use the name that is left.`,
    );
  }
}

/**
 * The function of a trigger names columns in its text, which a rename does not change.
 *
 * @throws `change_impossible` naming the change whose trigger reads the column.
 */
export async function refuseReadColumn(client: ClientBase, { table, from }: RenameColumn, id: string): Promise<void> {
  for (const { name, change, isDone } of await readStanding(client)) {
    const value = expressionOf(change);
    if (value === undefined) continue;
    const reads = await probing(client, change.table, id, (probe) => probe.reads(value));
    if (!reads.some((one) => isSame(one.table, table) && one.column === from)) continue;
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(table)}.${quoteIdentifier(from)} is read by the trigger of ${name}, which would not find it by the new name. Nothing was done. ` +
        (isDone
          ? 'When no code runs any more that needs it, end that trigger with `dropTrigger`; then rename the column.'
          : 'End that change, or take it back with `abandonChange`; then rename the column.'),
    );
  }
}

function expressionOf(change: Change): string | undefined {
  if (change.kind === 'add column') return change.value ?? change.default;
  if (change.kind !== 'change type') return undefined;
  return change.using ?? `${quoteIdentifier(change.table.name)}.${quoteIdentifier(change.column)}`;
}
