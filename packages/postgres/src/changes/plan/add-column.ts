import type { ClientBase } from 'pg';
import { requireName } from '../../errors/require-arguments.js';
import { saidByServer } from '../../errors/said-by-server.js';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { ChangeError } from './change-error.js';
import { type ChangedTable, definitionOf, requireOptional, tableNamed } from './changed-table.js';
import { isSame } from './key-catalog.js';
import { enclosed } from './names.js';
import { notNullSteps } from './not-null.js';
import { type Probe, probing } from './probe.js';
import { dropStamping, newStamping, stamped, stampingTrigger } from './stamping.js';
import { refuseRenamed } from './standing.js';
import type { Step, TableName } from './step.js';
import { readTable, requireKey, requireOwnColumns } from './table-catalog.js';

/** Options of {@link addColumn}. */
export interface AddColumnOptions {
  /** The table that gets it. */
  readonly table: ChangedTable;
  /** Its name. */
  readonly column: string;
  /** The type, as SQL writes it. */
  readonly type: string;
  /**
   * An SQL expression over the row, for rows that are there and for those that old code writes meanwhile. Names without a schema are
   * looked up in the table's schema, then in `public`.
   * @defaultValue the `default`, where that is not the same for all rows
   */
  readonly value?: string;
  /**
   * The default, as SQL writes it: for new rows, and without a `value` for those that are there.
   * @defaultValue none
   */
  readonly default?: string;
  /**
   * True when no row may be without it in the end.
   * @defaultValue `false`
   */
  readonly notNull?: boolean;
  /**
   * True when the trigger that gives rows of old code the `value` stays after the last step, until `dropTrigger` ends it.
   * Without it and without a `default`, old code fails as soon as the column is NOT NULL.
   * @defaultValue `true` where the column is `notNull` and has no `default`
   */
  readonly keepTrigger?: boolean;
}

/** A column to be added. */
export interface AddColumn extends Omit<AddColumnOptions, 'table'> {
  readonly kind: 'add column';
  readonly table: TableName;
  /** A setting whose value, where it has one, a new row of old code gets in place of `value`. */
  readonly setting?: string;
  /** A column that the value reads and that another change adds, which is done before. */
  readonly reads?: { readonly table: TableName; readonly column: string };
}

/**
 * A new column, filled for the rows that are there.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { addColumn } from '@tenancy/postgres/changes';
 *
 * const region = addColumn({ table: { name: 'job' }, column: 'region', type: 'text', value: "'eu'", notNull: true });
 * ```
 */
export function addColumn(options: AddColumnOptions): AddColumn {
  const place = 'addColumn';
  const given = definitionOf(place, options, ['table', 'column', 'type', 'value', 'default', 'notNull', 'keepTrigger']);
  requireName(place, 'column', given.column);
  requireName(place, 'type', given.type);
  requireOptional(place, given, 'value', 'name');
  requireOptional(place, given, 'default', 'name');
  requireOptional(place, given, 'notNull', 'boolean');
  requireOptional(place, given, 'keepTrigger', 'boolean');
  quoteIdentifier(given.column);
  return { kind: 'add column', ...given, table: tableNamed(place, given.table) };
}

/** The name of the change, where it is given none. */
export function addColumnName({ table, column }: Pick<AddColumn, 'table' | 'column'>): string {
  return `add column ${quoteQualified(table)}.${column}`;
}

export async function addColumnSteps(client: ClientBase, change: AddColumn, id: string): Promise<Step[]> {
  const { table, column, notNull = false, keepTrigger = notNull && change.default === undefined } = change;
  const catalog = await readTable(client, table);
  requireOwnColumns(table, catalog);
  if (catalog.columns.some(({ name }) => name === column)) {
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(table)} has a column ${JSON.stringify(column)} already, which this change did not add. Nothing was done. ` +
        'Use another name, or drop it.',
    );
  }
  const { sql, value } = await tried(client, change, id);
  if (notNull && value === undefined && change.default === undefined) {
    throw new ChangeError(
      'change_impossible',
      `${JSON.stringify(column)} is to be NOT NULL, and nothing says what rows that are there shall have. Nothing was done. Give \`value\` or \`default\`.`,
    );
  }
  const step = { kind: 'statement', table, undo: [] } as const;
  const drop = `alter table ${quoteQualified(table)} drop column if exists ${quoteIdentifier(column)}`;
  const nulls = notNull ? notNullSteps(table, column, id, catalog.version) : [];
  if (value === undefined) return [{ ...step, name: 'add column', sql, isExclusive: true, undo: [drop] }, ...nulls];
  const stamping = await newStamping(client, table, catalog.oid, id);
  const dropTrigger = dropStamping(stamping);
  // O24: the trigger is there before the first row is filled, so that no row is written behind the backfill's back.
  const trigger = stampingTrigger(stamping, {
    body: stamped(
      table,
      column,
      change.setting === undefined ? value : fromSetting(change.setting, change.type, value),
    ),
    when: `new.${quoteIdentifier(column)} is null`,
  });
  return [
    { ...step, name: 'add column', sql: [...sql, ...trigger], isExclusive: true, undo: [...dropTrigger, drop] },
    {
      ...{ kind: 'backfill', name: 'backfill', table, key: requireKey(table, catalog) },
      ...{ column, value, isComplete: notNull, undo: [] },
    },
    ...nulls,
    ...(keepTrigger ? [] : [{ ...step, name: 'drop trigger', sql: dropTrigger, isExclusive: true }]),
  ];
}

/** An update may be of a row that is not filled yet: the session's setting says nothing about whose that is. */
function fromSetting(setting: string, type: string, value: string): string {
  const named = `nullif(current_setting(${quoteLiteral(setting)}, true), '')`;
  return `coalesce(case when tg_op = 'INSERT' then cast(${named} as ${type}) end, ${enclosed(value)})`;
}

/** Statements that add it without writing the table anew, and the expression that rows have to be filled with, if any. */
async function tried(client: ClientBase, change: AddColumn, id: string) {
  const { table, column, type, value, default: preset } = change;
  const added = (to: string) => `alter table ${to} add column ${quoteIdentifier(column)} ${type}`;
  const withDefault = (to: string) => `${added(to)} default ${enclosed(preset ?? '')}`;
  const setDefault = (to: string) =>
    `alter table ${to} alter column ${quoteIdentifier(column)} set default ${enclosed(preset ?? '')}`;
  const own = quoteQualified(table);
  // O21: a default that is the same for all rows is in the catalog alone; any other one would write the table anew.
  if (preset !== undefined && value === undefined && (await isAtOnce(client, table, id, withDefault))) {
    return { sql: [withDefault(own)], value: undefined };
  }
  const fill = value ?? preset;
  await probing(client, table, id, async (probe) => {
    // A type and nothing else: a constraint in its place would be checked under the lock.
    await probe.query(`select cast(null as ${type}\n) where false`);
    if (await probe.rewrites(added(probe.table))) {
      throw new ChangeError(
        'change_impossible',
        `a column of the type ${type} cannot be added without writing the whole table anew under a lock. Nothing was done. ` +
          'Add it with a plain type; constraints, defaults and sequences come as steps of their own.',
      );
    }
    if (preset !== undefined) await probe.query(setDefault(probe.table));
    if (fill === undefined || !(await isThere(client, change.reads))) return;
    await explain(probe, table, column, fill);
    await refuseUnreadable(probe, table, fill);
  }).catch(explained(change));
  return { sql: preset === undefined ? [added(own)] : [added(own), setDefault(own)], value: fill };
}

/** False in a dry run alone, where nothing was done before. */
async function isThere(client: ClientBase, reads: AddColumn['reads']): Promise<boolean> {
  return (
    reads === undefined || (await readTable(client, reads.table)).columns.some(({ name }) => name === reads.column)
  );
}

async function isAtOnce(client: ClientBase, table: TableName, id: string, sql: (to: string) => string) {
  return probing(client, table, id, async (probe) => !(await probe.rewrites(sql(probe.table)))).catch(() => false);
}

/** Plans the assignment, which finds a column that is not there and a type that does not fit. */
export async function explain(probe: Probe, table: TableName, column: string, value: string): Promise<void> {
  await probe.query(
    `explain update ${probe.table} as ${quoteIdentifier(table.name)} set ${quoteIdentifier(column)} = ${enclosed(value)}`,
  );
}

/** @throws `change_impossible` where the trigger would read something that is not there, or not for long. */
export async function refuseUnreadable(probe: Probe, table: TableName, value: string): Promise<void> {
  const reads = await probe.reads(value);
  const generated = reads.filter((one) => one.isGenerated && isSame(one.table, table));
  if (generated.length > 0) {
    throw new ChangeError(
      'change_impossible',
      `the value reads ${generated.map((one) => quoteIdentifier(one.column)).join(', ')} of ${quoteQualified(table)}, which is generated: while a row is written, it has no value yet. ` +
        'Nothing was done. Write what it is made of in its place.',
    );
  }
  await refuseRenamed(probe.client, reads);
}

export function explained({ table }: { readonly table: TableName }) {
  return (cause: unknown): never => {
    if (cause instanceof ChangeError) throw cause;
    const { code } = cause as { readonly code?: string };
    // Cancelled, which says nothing about the change.
    if (code === '57014') throw cause;
    throw new ChangeError(
      code === '42501' ? 'change_not_permitted' : 'change_impossible',
      `the change of ${quoteQualified(table)} was tried on an empty copy, and PostgreSQL refused it: ${saidByServer(cause)}. Nothing was done. Correct it and run again.`,
      { cause },
    );
  };
}
