import type { ClientBase } from 'pg';
import { requireName } from '../../errors/require-arguments.js';
import { quoteQualified } from '../../policies/quoting.js';
import { addColumnName } from './add-column.js';
import { ChangeError } from './change-error.js';
import { type ChangedTable, definitionOf, requireOptional, tableNamed } from './changed-table.js';
import { changeId } from './names.js';
import { dropStamping, foundStamping } from './stamping.js';
import type { Step, TableName } from './step.js';
import { readTable } from './table-catalog.js';

/** Options of {@link dropTrigger}. */
export interface DropTriggerOptions {
  /** The table that has it. */
  readonly table: ChangedTable;
  /** The column that it fills. */
  readonly column: string;
  /**
   * Name of the change that added the column.
   * @defaultValue the one that it has when it is given none
   */
  readonly of?: string;
}

/** A trigger to be dropped. */
export interface DropTrigger {
  readonly kind: 'drop trigger';
  readonly table: TableName;
  readonly column: string;
  readonly of: string;
}

/**
 * The end of the trigger that `addColumn` keeps, for when no old code writes to the table any more.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { dropTrigger } from '@tenancy/postgres/changes';
 *
 * const end = dropTrigger({ table: { name: 'job' }, column: 'region' });
 * ```
 */
export function dropTrigger(options: DropTriggerOptions): DropTrigger {
  const given = definitionOf('dropTrigger', options, ['table', 'column', 'of']);
  requireName('dropTrigger', 'column', given.column);
  requireOptional('dropTrigger', given, 'of', 'name');
  const table = tableNamed('dropTrigger', given.table);
  const { column, of = addColumnName({ table, column }) } = given;
  return { kind: 'drop trigger', table, column, of };
}

export async function dropTriggerSteps(client: ClientBase, { table, of }: DropTrigger): Promise<Step[]> {
  const { oid } = await readTable(client, table);
  const found = await foundStamping(client, table, oid, changeId(of));
  if (!found) {
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(table)} has no trigger of the change ${of}. Nothing was done. If that change has another name, give it as \`of\`.`,
    );
  }
  return [{ kind: 'statement', name: 'drop trigger', table, sql: dropStamping(found), isExclusive: true, undo: [] }];
}
