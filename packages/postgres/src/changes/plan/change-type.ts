import type { ClientBase } from 'pg';
import { requireName } from '../../errors/require-arguments.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { explain, explained, refuseUnreadable } from './add-column.js';
import { ChangeError } from './change-error.js';
import { type ChangedTable, definitionOf, requireOptional, tableNamed } from './changed-table.js';
import { collated, givenProperties, readProperties } from './column-properties.js';
import { enclosed, scaffolding } from './names.js';
import { notNullName, notNullSteps } from './not-null.js';
import { probing } from './probe.js';
import { dropStamping, newStamping, stamped, stampingTrigger } from './stamping.js';
import type { Step, TableName } from './step.js';
import { columnOf, readTable, requireKey, requireOwnColumns } from './table-catalog.js';
import { compiledAnew } from './user-triggers.js';

/** Options of {@link changeType}. */
export interface ChangeTypeOptions {
  /** The table that has the column. */
  readonly table: ChangedTable;
  /** Its name. */
  readonly column: string;
  /** The new type, as SQL writes it. */
  readonly type: string;
  /**
   * An SQL expression over the row, for the new value.
   * @defaultValue the column itself, cast to the type
   */
  readonly using?: string;
}

/** A column whose type is to be changed. */
export interface ChangeType extends Omit<ChangeTypeOptions, 'table'> {
  readonly kind: 'change type';
  readonly table: TableName;
}

/**
 * Another type for a column, by way of a second column that takes its place in the end. It comes last in `select *` then. A column that
 * an index, a key, a view, a policy or a trigger is about is refused.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { changeType } from '@tenancy/postgres/changes';
 *
 * const wider = changeType({ table: { name: 'job' }, column: 'views', type: 'bigint' });
 * ```
 */
export function changeType(options: ChangeTypeOptions): ChangeType {
  const given = definitionOf('changeType', options, ['table', 'column', 'type', 'using']);
  requireName('changeType', 'column', given.column);
  requireName('changeType', 'type', given.type);
  requireOptional('changeType', given, 'using', 'name');
  return { kind: 'change type', ...given, table: tableNamed('changeType', given.table) };
}

export async function changeTypeSteps(client: ClientBase, change: ChangeType, id: string): Promise<Step[]> {
  const { table, column, type } = change;
  const catalog = await readTable(client, table);
  const before = columnOf(table, catalog, column);
  requireOwnColumns(table, catalog);
  await refuseDependents(client, table, column, catalog.oid);
  const own = quoteQualified(table);
  const second = scaffolding(table, id).column;
  const [old, shadow] = [quoteIdentifier(column), quoteIdentifier(second)];
  const properties = await readProperties(client, own, column);
  const using = change.using ?? `${quoteIdentifier(table.name)}.${old}::${type}`;
  const add = (to: string, collation = '') => `alter table ${to} add column ${shadow} ${type}${collation}`;
  const setDefault = (to: string) =>
    before.default === null ? [] : [`alter table ${to} alter column ${shadow} set default ${enclosed(before.default)}`];
  const { isLong, isCollatable } = await probing(client, table, id, async (probe) => {
    await probe.query(`select cast(null as ${type}\n) where false`);
    if (before.isGenerated || (await probe.rewrites(add(probe.table)))) {
      throw new ChangeError(
        'change_impossible',
        `${own}.${old} is generated, or ${type} is a type with a check. Nothing was done. Change it while nobody uses it, or use a plain type.`,
      );
    }
    for (const sql of setDefault(probe.table)) await probe.query(sql);
    await explain(probe, table, second, using);
    await refuseUnreadable(probe, table, using);
    return readProperties(client, probe.table, second);
  }).catch(explained(change));
  const compiled = await compiledAnew(client, table, catalog.oid, column);
  const step = { kind: 'statement', table, isExclusive: true, undo: [] } as const;
  const stamping = await newStamping(client, table, catalog.oid, id);
  const trigger = stampingTrigger(stamping, { body: stamped(table, second, using) });
  const dropTrigger = dropStamping(stamping);
  const nulls = before.isNotNull ? notNullSteps(table, second, id, catalog.version) : [];
  const constraint = notNullName(table, second, id);
  const renamed =
    before.isNotNull && catalog.version >= 180_000
      ? [`alter table ${own} rename constraint ${constraint} to ${notNullName(table, column, id)}`]
      : [];
  return [
    {
      ...{ ...step, name: 'add second column' },
      sql: [
        add(own, collated(properties, isCollatable)),
        ...givenProperties(table, second, properties, isLong),
        ...trigger,
      ],
      undo: [...dropTrigger, `alter table ${own} drop column if exists ${shadow}`],
    },
    {
      ...{ kind: 'backfill', name: 'backfill', table, key: requireKey(table, catalog), undo: [] },
      ...{ column: second, value: using, isComplete: before.isNotNull },
    },
    ...nulls,
    {
      ...{ ...step, name: 'swap' },
      sql: [
        ...dropTrigger,
        ...setDefault(own),
        `alter table ${own} drop column ${old}`,
        `alter table ${own} rename column ${shadow} to ${old}`,
        ...renamed,
        ...compiled,
      ],
    },
  ];
}

/** @throws `change_impossible` naming what would be lost with the old column. */
async function refuseDependents(client: ClientBase, table: TableName, column: string, oid: number): Promise<void> {
  const found = await readJson<{ what: string }>(
    client,
    `select distinct pg_describe_object(d.classid, d.objid, d.objsubid) as what
      from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      left join pg_constraint c on d.classid = 'pg_constraint'::regclass and c.oid = d.objid
      where d.refclassid = 'pg_class'::regclass and d.refobjid = $1::oid and a.attname = $2
        and (d.classid <> 'pg_attrdef'::regclass or d.objid not in (select oid from pg_attrdef where adrelid = a.attrelid and adnum = a.attnum)) and c.contype is distinct from 'n'
      union select 'rights on the column' from pg_attribute where attrelid = $1::oid and attname = $2 and attacl is not null`,
    [oid, column],
  );
  if (found.length === 0) return;
  throw new ChangeError(
    'change_impossible',
    `${quoteQualified(table)}.${quoteIdentifier(column)} is part of ${found.map(({ what }) => what).join(', ')}, which would be lost with it. ` +
      'Nothing was done. Add a column of the new type with `addColumn`, build those anew on it, and drop the old one when no code uses it.',
  );
}
