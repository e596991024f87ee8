import type { ClientBase } from 'pg';
import { readJson } from '../../protocol/read-json.js';
import { changeId } from './names.js';
import type { TableName } from './step.js';

/** A unique index of a table, with its constraint if it has one. */
export interface UniqueKey {
  readonly index: string;
  readonly isPrimary: boolean;
  readonly constraint: string | null;
  /** As a constraint ends with it, or empty. */
  readonly deferrable: string;
  /** Its columns and expressions, as SQL writes them. */
  readonly key: readonly string[];
  /** Names of its columns; null for an expression. */
  readonly columns: readonly (string | null)[];
  readonly method: string;
  /** The definition behind the parenthesis that opens the key. */
  readonly rest: string;
  readonly where: string | null;
  readonly isReplicaIdentity: boolean;
}

/** A foreign key of a table. */
export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: TableName;
  readonly referenced: readonly string[];
  readonly onDelete: string;
  /** The columns that ON DELETE SET NULL is about, where it is not about all. */
  readonly onDeleteColumns: readonly string[];
  readonly onUpdate: string;
  readonly isFull: boolean;
  readonly deferrable: string;
  /** False where rows may be there that it does not hold for. */
  readonly isValid: boolean;
  readonly comment: string | null;
  readonly definition: string;
}

const DEFERRABLE = `case when k.condeferred then ' deferrable initially deferred' when k.condeferrable then ' deferrable' else '' end`;

export function readUniqueKeys(client: ClientBase, table: TableName): Promise<UniqueKey[]> {
  return readJson<UniqueKey>(
    client,
    `select x.relname as index, i.indisprimary as "isPrimary", k.conname as constraint, coalesce(${DEFERRABLE}, '') as deferrable,
      (select json_agg(pg_get_indexdef(i.indexrelid, n, true) order by n) from generate_series(1, i.indnkeyatts) n) as key,
      (select json_agg(a.attname order by n) from generate_series(1, i.indnkeyatts) n
        left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[n - 1]) as columns,
      m.amname as method, i.indisreplident as "isReplicaIdentity", pg_get_expr(i.indpred, i.indrelid) as where,
      substr(pg_get_indexdef(i.indexrelid),
        length(format('CREATE UNIQUE INDEX %I ON %I.%I USING %I (', x.relname, n.nspname, c.relname, m.amname)) + 1) as rest
      from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
      join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
      left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u')
      where n.nspname = $1 and c.relname = $2 and i.indisunique and i.indisvalid order by not i.indisprimary, x.relname`,
    [table.schema, table.name],
  );
}

const ACTIONS = `'{"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}'::json`;

const columnsOf = (table: string, numbers: string) =>
  `(select coalesce(json_agg(a.attname order by u.place), '[]') from unnest(${numbers}) with ordinality as u (number, place)
      join pg_attribute a on a.attrelid = ${table} and a.attnum = u.number)`;

export function readForeignKeys(client: ClientBase, table: TableName): Promise<ForeignKey[]> {
  return readJson<ForeignKey>(
    client,
    `select k.conname as name, ${columnsOf('k.conrelid', 'k.conkey')} as columns,
      json_build_object('schema', n.nspname, 'name', f.relname) as references, ${columnsOf('k.confrelid', 'k.confkey')} as referenced,
      ${ACTIONS} ->> k.confdeltype as "onDelete", ${columnsOf('k.conrelid', 'k.confdelsetcols')} as "onDeleteColumns",
      ${ACTIONS} ->> k.confupdtype as "onUpdate", k.confmatchtype = 'f' as "isFull", ${DEFERRABLE} as deferrable,
      k.convalidated as "isValid", obj_description(k.oid, 'pg_constraint') as comment, pg_get_constraintdef(k.oid) as definition
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace s on s.oid = c.relnamespace
      join pg_class f on f.oid = k.confrelid join pg_namespace n on n.oid = f.relnamespace
      where k.contype = 'f' and s.nspname = $1 and c.relname = $2 order by k.conname`,
    [table.schema, table.name],
  );
}

/** The name of a key's twin that begins with the tenant. */
export function twinName(name: string): string {
  const usual = `${name}_tenant`;
  return Buffer.byteLength(usual) > 63 ? `tenancy_${changeId(name)}_tenant` : usual;
}

/** True for a key that knows no tenant. */
export function isWithout(column: string, columns: readonly (string | null)[]): boolean {
  return !columns.includes(column);
}

export function isSame(one: TableName, other: TableName): boolean {
  return one.schema === other.schema && one.name === other.name;
}
