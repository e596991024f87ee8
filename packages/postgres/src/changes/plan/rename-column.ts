import type { ClientBase } from 'pg';
import { requireName } from '../../errors/require-arguments.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { ChangeError } from './change-error.js';
import { type ChangedTable, definitionOf, tableNamed } from './changed-table.js';
import { changeId } from './names.js';
import { dropStamping, stampingTrigger } from './stamping.js';
import type { Step, TableName } from './step.js';
import { columnOf, readTable, requireKey } from './table-catalog.js';

/** Options of {@link renameColumn} and {@link finishRename}. */
export interface RenameColumnOptions {
  /** The table that has it. */
  readonly table: ChangedTable;
  /** The name that old code knows. */
  readonly from: string;
  /** The name that new code knows. */
  readonly to: string;
}

/** A column that has both names for a while. */
export interface RenameColumn extends Omit<RenameColumnOptions, 'table'> {
  readonly kind: 'rename column' | 'finish rename';
  readonly table: TableName;
}

/**
 * A second name for a column, so that old and new code run side by side: a column that is kept the same as the other one, whichever of
 * them is written. New code may be released when it is done, and {@link finishRename} follows when the last old code is gone.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { renameColumn } from '@tenancy/postgres/changes';
 *
 * const both = renameColumn({ table: { name: 'job' }, from: 'title', to: 'name' });
 * ```
 */
export function renameColumn(options: RenameColumnOptions): RenameColumn {
  return { kind: 'rename column', ...renamed('renameColumn', options) };
}

/**
 * The end of the old name: the column itself takes the new one, with its indexes, keys and default, and the second column goes.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { finishRename } from '@tenancy/postgres/changes';
 *
 * const end = finishRename({ table: { name: 'job' }, from: 'title', to: 'name' });
 * ```
 */
export function finishRename(options: RenameColumnOptions): RenameColumn {
  return { kind: 'finish rename', ...renamed('finishRename', options) };
}

function renamed(place: string, options: RenameColumnOptions): Omit<RenameColumn, 'kind'> {
  const given = definitionOf(place, options, ['table', 'from', 'to']);
  for (const option of ['from', 'to'] as const) {
    requireName(place, option, given[option]);
    quoteIdentifier(given[option]);
  }
  return { ...given, table: tableNamed(place, given.table) };
}

export function renameName({ kind, table, from, to }: RenameColumn): string {
  return `${kind} ${quoteQualified(table)}.${from} to ${to}`;
}

export async function renameColumnSteps(client: ClientBase, change: RenameColumn): Promise<Step[]> {
  const { table, from, to } = change;
  const catalog = await readTable(client, table);
  const { type, isGenerated } = columnOf(table, catalog, from);
  if (isGenerated || catalog.columns.some(({ name }) => name === to)) {
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(table)} has a column ${JSON.stringify(to)} already, or ${JSON.stringify(from)} is generated. Nothing was done. Use another name, or rename it while nobody uses it.`,
    );
  }
  const id = idOf(change);
  const [old, name] = [quoteIdentifier(from), quoteIdentifier(to)];
  const alter = `alter table ${quoteQualified(table)}`;
  // Compared byte by byte, which every type can be.
  const body = `if tg_op = 'INSERT' then
      if new.${name} is null then new.${name} := new.${old}; else new.${old} := new.${name}; end if;
    elsif pg_catalog.record_image_ne(row(new.${name}), row(old.${name})) then new.${old} := new.${name};
    else new.${name} := new.${old}; end if;`;
  return [
    {
      ...{ kind: 'statement', name: 'add second name', table, isExclusive: true },
      sql: [`${alter} add column ${name} ${type}`, ...stampingTrigger({ table, id, body })],
      undo: [...dropStamping(table, id), `${alter} drop column if exists ${name}`],
    },
    {
      ...{ kind: 'backfill', name: 'backfill', table, key: requireKey(table, catalog), column: to },
      ...{ value: `${quoteIdentifier(table.name)}.${old}`, isComplete: false, undo: [] },
    },
  ];
}

export async function finishRenameSteps(client: ClientBase, change: RenameColumn): Promise<Step[]> {
  const { table, from, to } = change;
  const catalog = await readTable(client, table, false);
  for (const column of [from, to]) columnOf(table, catalog, column);
  const alter = `alter table ${quoteQualified(table)}`;
  const [old, name] = [quoteIdentifier(from), quoteIdentifier(to)];
  const [dropTrigger = '', dropFunction = ''] = dropStamping(table, idOf(change));
  // Without `if exists`: where the trigger is not there, the two columns were never the same.
  const strict = [dropTrigger, dropFunction].map((sql) => sql.replace(' if exists', ''));
  return [
    {
      ...{ kind: 'statement', name: 'rename column', table, isExclusive: true, undo: [] },
      sql: [...strict, `${alter} drop column ${name}`, `${alter} rename column ${old} to ${name}`],
    },
  ];
}

function idOf(change: RenameColumn): string {
  return changeId(renameName({ ...change, kind: 'rename column' }));
}
