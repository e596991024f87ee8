import type { ClientBase } from 'pg';
import { requireName } from '../../errors/require-arguments.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { ChangeError } from './change-error.js';
import { type ChangedTable, definitionOf, tableNamed } from './changed-table.js';
import { collated, givenRights, readProperties } from './column-properties.js';
import { changeId, enclosed, renameName } from './names.js';
import { probing } from './probe.js';
import { dropStamping, foundStamping, newStamping, stampingTrigger } from './stamping.js';
import { refuseReadColumn, refuseRenamed } from './standing.js';
import type { Step, TableName } from './step.js';
import { columnOf, readTable, requireKey, requireOwnColumns } from './table-catalog.js';
import { refuseBrokenTriggers, refusePassedTriggers } from './user-triggers.js';

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

export async function renameColumnSteps(client: ClientBase, change: RenameColumn): Promise<Step[]> {
  const { table, from, to } = change;
  const catalog = await readTable(client, table);
  const { type, isGenerated, default: preset } = columnOf(table, catalog, from);
  requireOwnColumns(table, catalog);
  if (isGenerated || catalog.columns.some(({ name }) => name === to)) {
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(table)} has a column ${JSON.stringify(to)} already, or ${JSON.stringify(from)} is generated. Nothing was done. Use another name, or rename it while nobody uses it.`,
    );
  }
  const id = idOf(change);
  await refusePassedTriggers(client, change, catalog.oid);
  await refuseRenamed(client, [{ table, column: from }]);
  await refuseReadColumn(client, change, id);
  const properties = await readProperties(client, quoteQualified(table), from);
  const stamping = await newStamping(client, table, catalog.oid, id);
  const [old, name] = [quoteIdentifier(from), quoteIdentifier(to)];
  const alter = `alter table ${quoteQualified(table)}`;
  const written = preset !== null && (await isSameForAll(client, change, type, preset)) ? preset : undefined;
  const unwritten = written === undefined ? `cast(null as ${type})` : `cast(${enclosed(written)} as ${type})`;
  // Compared byte by byte, which every type can be. A new row has the default where nothing was written.
  const body = `if tg_op = 'INSERT' then
      if pg_catalog.record_image_eq(row(new.${name}), row(${unwritten})) then new.${name} := new.${old}; else new.${old} := new.${name}; end if;
    elsif pg_catalog.record_image_ne(row(new.${name}), row(old.${name})) then new.${old} := new.${name};
    else new.${name} := new.${old}; end if;`;
  return [
    {
      ...{ kind: 'statement', name: 'add second name', table, isExclusive: true },
      sql: [
        `${alter} add column ${name} ${type}${collated(properties, true)}`,
        ...(written === undefined ? [] : [`${alter} alter column ${name} set default ${enclosed(written)}`]),
        ...givenRights(table, to, properties),
        ...stampingTrigger(stamping, { body }),
      ],
      undo: [...dropStamping(stamping), `${alter} drop column if exists ${name}`],
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
  const stamping = await foundStamping(client, table, catalog.oid, idOf(change));
  if (!stamping) {
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(table)} has no trigger that keeps ${JSON.stringify(from)} and ${JSON.stringify(to)} the same. Nothing was done. Make the change \`renameColumn\` first.`,
    );
  }
  await refuseBrokenTriggers(client, change, catalog.oid);
  await refuseReadColumn(client, change, idOf(change));
  // Without `if exists`: where the trigger has gone meanwhile, the two columns are no longer the same.
  const strict = dropStamping(stamping).map((sql) => sql.replace(' if exists', ''));
  return [
    {
      ...{ kind: 'statement', name: 'rename column', table, isExclusive: true, undo: [] },
      sql: [...strict, `${alter} drop column ${name}`, `${alter} rename column ${old} to ${name}`],
    },
  ];
}

/**
 * True for a default that depends on nothing, so that the trigger can tell it from what was written. Of any other one, a NULL that new code
 * writes cannot be told from nothing.
 */
function isSameForAll(client: ClientBase, change: RenameColumn, type: string, preset: string): Promise<boolean> {
  const { table } = change;
  const generated = (probe: string) =>
    `alter table ${probe} add column tenancy_default ${type} generated always as ${enclosed(preset)} stored`;
  return probing(client, table, idOf(change), (probe) => probe.query(generated(probe.table))).then(
    () => true,
    (error: { readonly code?: string }) => {
      // Not immutable, or made of something that a generated column may not be made of.
      if (['42P17', '0A000'].includes(error.code ?? '')) return false;
      throw error;
    },
  );
}

function idOf(change: RenameColumn): string {
  return changeId(renameName({ ...change, kind: 'rename column' }));
}
