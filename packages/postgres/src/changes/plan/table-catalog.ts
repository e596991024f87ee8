import type { ClientBase } from 'pg';
import { quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from './change-error.js';
import type { KeyColumn, TableName } from './step.js';

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly isNotNull: boolean;
  readonly default: string | null;
  /** True where its value is not an ordinary one: generated, or of an identity. */
  readonly isGenerated: boolean;
}

/** A table as the catalog has it before the change. */
export interface TableCatalog {
  readonly oid: number;
  readonly isPartitioned: boolean;
  /** Source of its columns, and so may have none of its own: another table, or a type. */
  readonly takesColumnsFrom: string | null;
  readonly version: number;
  readonly columns: readonly TableColumn[];
  /** The primary key; empty where there is none. */
  readonly key: readonly KeyColumn[];
}

interface Found extends Omit<TableCatalog, 'isPartitioned'> {
  readonly kind: string;
  readonly isOwned: boolean;
  readonly isHeld: boolean;
  readonly mayCreate: boolean;
  readonly schemaExists: boolean;
  readonly role: string;
}

const SQL = `
  select c.oid::bigint as oid, c.relkind as kind, current_user as role,
    pg_has_role(c.relowner, 'usage') as "isOwned",
    row_security_active(c.oid) as "isHeld",
    has_schema_privilege(c.relnamespace, 'create') as "mayCreate",
    coalesce((select 'the table ' || h.inhparent::regclass from pg_inherits h where c.relispartition and h.inhrelid = c.oid),
      'the type ' || nullif(c.reloftype, 0)::regtype) as "takesColumnsFrom",
    current_setting('server_version_num')::int as version,
    (select coalesce(json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'isNotNull', a.attnotnull,
        'default', pg_get_expr(d.adbin, d.adrelid), 'isGenerated', a.attgenerated <> '' or a.attidentity <> ''
      ) order by a.attnum), '[]')
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))
        order by k.place), '[]')
      from pg_index i cross join unnest(i.indkey::int2[]) with ordinality as k (number, place)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
      where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts) as key
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relname = $2`;

/**
 * The table, where it can be changed by this role.
 *
 * @param rows - true where the change reads or writes its rows, so that none may be hidden
 *
 * @throws `change_impossible` where there is no such table.
 * @throws `change_not_permitted` where the role may not change it, or would not see all of its rows.
 */
export async function readTable(client: ClientBase, table: TableName, rows = true): Promise<TableCatalog> {
  const title = quoteQualified(table);
  const [found] = await readJson<Found>(client, SQL, [table.schema, table.name]);
  if (!found) {
    throw new ChangeError(
      'change_impossible',
      `there is no table ${title} in this database. Nothing was done. Correct the name, or name its schema.`,
    );
  }
  if (found.kind !== 'r' && found.kind !== 'p') {
    throw new ChangeError(
      'change_impossible',
      `${title} is ${KINDS[found.kind] ?? 'something else'}, not a table. Nothing was done. Name the table that it is about.`,
    );
  }
  if (!found.isOwned) throw notPermitted(found.role, `does not own ${title}`, 'Connect as its owner, or a superuser.');
  if (!found.mayCreate) {
    throw notPermitted(found.role, `may not create anything in the schema of ${title}`, 'Grant it CREATE there.');
  }
  // O27: an UPDATE under a policy leaves out the rows that the policy hides, and says nothing.
  if (rows && found.isHeld) {
    throw notPermitted(
      found.role,
      `is held by the row-level security of ${title} and would not see all of its rows`,
      'Connect as a role with BYPASSRLS that is a member of the owner, or a superuser.',
    );
  }
  const { kind, oid, version, columns, key, takesColumnsFrom } = found;
  return { oid, version, columns, key, takesColumnsFrom, isPartitioned: kind === 'p' };
}

export function columnOf(table: TableName, { columns }: TableCatalog, name: string): TableColumn {
  const column = columns.find((one) => one.name === name);
  if (column) return column;
  throw new ChangeError(
    'change_impossible',
    `${quoteQualified(table)} has no column ${JSON.stringify(name)}. Nothing was done. Correct the name.`,
  );
}

/** @throws `change_impossible` where no column can be added. */
export function requireOwnColumns(table: TableName, { takesColumnsFrom }: TableCatalog): void {
  if (takesColumnsFrom === null) return;
  throw new ChangeError(
    'change_impossible',
    `${quoteQualified(table)} has the columns of ${takesColumnsFrom}, and can have none of its own. Nothing was done. ` +
      'Change those: of a partition, the table that it is part of.',
  );
}

export function requireKey(table: TableName, { key }: TableCatalog): readonly KeyColumn[] {
  if (key.length > 0) return key;
  throw new ChangeError(
    'change_impossible',
    `${quoteQualified(table)} has no primary key, in whose order its rows could be filled. Nothing was done. Give it one first: ` +
      'a unique index that is built concurrently, then ALTER TABLE … ADD PRIMARY KEY USING INDEX.',
  );
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  i: 'an index',
  S: 'a sequence',
  c: 'a type',
};

function notPermitted(role: string, problem: string, fix: string): ChangeError {
  return new ChangeError('change_not_permitted', `the role ${role} ${problem}. Nothing was done. ${fix}`);
}
