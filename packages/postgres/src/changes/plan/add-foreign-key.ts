import type { ClientBase } from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { requireList, requireName, requireOptions, said } from '../../errors/require-arguments.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from './change-error.js';
import { type ChangedTable, definitionOf, tableNamed } from './changed-table.js';
import type { StatementStep, TableName } from './step.js';
import { columnOf, readTable } from './table-catalog.js';

const ACTIONS = ['no action', 'restrict', 'cascade', 'set null', 'set default'] as const;

/** Options of {@link addForeignKey}. */
export interface AddForeignKeyOptions {
  /** The table that refers. */
  readonly table: ChangedTable;
  /** Name of the constraint. */
  readonly name: string;
  /** The columns that refer. */
  readonly columns: readonly string[];
  /** The table and the columns that they refer to. */
  readonly references: { readonly table: ChangedTable; readonly columns: readonly string[] };
  /**
   * The rows that refer, when the row that they refer to is deleted.
   * @defaultValue `'no action'`
   */
  readonly onDelete?: (typeof ACTIONS)[number];
}

/** A foreign key to be added. */
export interface AddForeignKey extends Omit<AddForeignKeyOptions, 'table' | 'references'> {
  readonly kind: 'add foreign key';
  readonly table: TableName;
  readonly references: { readonly table: TableName; readonly columns: readonly string[] };
}

/**
 * A new foreign key, which holds new rows at once, and those that are there when it is validated.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { addForeignKey } from '@tenancy/postgres/changes';
 *
 * const company = addForeignKey({
 *   table: { name: 'job' },
 *   name: 'job_company',
 *   columns: ['tenant_id', 'company_id'],
 *   references: { table: { name: 'company' }, columns: ['tenant_id', 'id'] },
 * });
 * ```
 */
export function addForeignKey(options: AddForeignKeyOptions): AddForeignKey {
  const place = 'addForeignKey';
  const given = definitionOf(place, options, ['table', 'name', 'columns', 'references', 'onDelete']);
  requireName(place, 'name', given.name);
  quoteIdentifier(given.name);
  requireOptions(`${place}, references`, given.references, 'table');
  const { table, columns } = definitionOf(`${place}, references`, given.references, ['table', 'columns']);
  for (const [option, list] of Object.entries({ columns: given.columns, 'references.columns': columns })) {
    requireList(place, option, list);
  }
  if (given.columns.length === 0 || given.columns.length !== columns.length) {
    throw misconfigured(
      `${place}: \`columns\` has ${given.columns.length} entries and \`references.columns\` ${columns.length}. Name as many in both, and one at least.`,
    );
  }
  if (given.onDelete !== undefined && !ACTIONS.includes(given.onDelete)) {
    throw misconfigured(
      `${place}: the option \`onDelete\` is ${said(given.onDelete)}. Use one of ${ACTIONS.join(', ')}, or leave it out.`,
    );
  }
  const references = { table: tableNamed(place, table, 'references.table'), columns };
  return { kind: 'add foreign key', ...given, table: tableNamed(place, given.table), references };
}

export async function addForeignKeySteps(client: ClientBase, change: AddForeignKey): Promise<StatementStep[]> {
  const { table, name, columns, references, onDelete } = change;
  const catalog = await readTable(client, table);
  for (const column of columns) columnOf(table, catalog, column);
  const [taken] = await readJson(
    client,
    'select 1 as found from pg_constraint where conrelid = $1::oid and conname = $2',
    [catalog.oid, name],
  );
  if (taken) {
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(table)} has a constraint ${JSON.stringify(name)} already. Nothing was done. Use another name, or drop it.`,
    );
  }
  const list = (names: readonly string[]) => names.map(quoteIdentifier).join(', ');
  const constraint = quoteIdentifier(name);
  const key =
    `add constraint ${constraint} foreign key (${list(columns)}) references ${quoteQualified(references.table)} (${list(references.columns)})` +
    (onDelete === undefined ? '' : ` on delete ${onDelete}`);
  const steps = (of: TableName, place = ''): StatementStep[] => {
    const alter = `alter table ${quoteQualified(of)}`;
    const step = { kind: 'statement', table: of } as const;
    const undo = [`${alter} drop constraint if exists ${constraint}`];
    return [
      { ...step, name: `foreign key, not valid${place}`, sql: [`${alter} ${key} not valid`], isExclusive: true, undo },
      {
        ...step,
        name: `validate${place}`,
        sql: [`${alter} validate constraint ${constraint}`],
        isExclusive: false,
        undo: [],
      },
    ];
  };
  // O28: before 18, a partitioned table takes none that is not valid; it takes over those that all of its partitions have.
  if (!catalog.isPartitioned || catalog.version >= 180_000) return steps(table);
  const leaves = await readJson<TableName>(
    client,
    `select n.nspname as schema, c.relname as name from pg_partition_tree($1::oid::regclass) t
      join pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace where t.isleaf order by 1, 2`,
    [catalog.oid],
  );
  const alter = `alter table ${quoteQualified(table)}`;
  return [
    ...leaves.flatMap((leaf) => steps(leaf, ` of ${leaf.name}`)),
    {
      ...{ kind: 'statement', name: 'foreign key', table, sql: [`${alter} ${key}`], isExclusive: true },
      undo: [`${alter} drop constraint if exists ${constraint}`],
    },
  ];
}
