import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import type { TableName } from './step.js';

/** Properties of a column besides its type, its default and NOT NULL. */
export interface ColumnProperties {
  readonly comment: string | null;
  /** As SQL writes it, where it is not that of the type. */
  readonly collation: string | null;
  readonly statistics: number | null;
  readonly storage: string | null;
  readonly compression: string | null;
  /** Those that PostgreSQL knows for a column: `n_distinct=7`. */
  readonly options: readonly string[];
  /** Rights on the column alone, as `grant` takes them: `select ("title") … to "app"`. */
  readonly grants: readonly { readonly right: string; readonly role: string; readonly mayGrant: boolean }[];
  /** True for a type whose values may be compressed and stored elsewhere. */
  readonly isLong: boolean;
  readonly isCollatable: boolean;
}

export async function readProperties(client: ClientBase, table: string, column: string): Promise<ColumnProperties> {
  const [found] = await readJson<ColumnProperties>(
    client,
    `select col_description(a.attrelid, a.attnum) as comment,
      (select format('%I.%I', n.nspname, l.collname) from pg_collation l join pg_namespace n on n.oid = l.collnamespace
        where l.oid = a.attcollation and a.attcollation <> t.typcollation) as collation,
      nullif(a.attstattarget, -1) as statistics, (select coalesce(json_agg(o), '[]') from unnest(a.attoptions) o where o like 'n\\_distinct%') as options,
      case when a.attstorage <> t.typstorage then '{"p": "plain", "e": "external", "m": "main", "x": "extended"}'::json ->> a.attstorage::text end as storage,
      '{"p": "pglz", "l": "lz4"}'::json ->> (to_json(a) ->> 'attcompression') as compression,
      (select coalesce(json_agg(json_build_object('right', g.privilege_type, 'mayGrant', g.is_grantable,
          'role', case g.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end)), '[]')
        from aclexplode(a.attacl) g) as grants, t.typstorage <> 'p' as "isLong", t.typcollation <> 0 as "isCollatable"
      from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = $1::regclass and a.attname = $2 and not a.attisdropped`,
    [table, column],
  );
  if (!found) throw new Error(`${table} has no column ${column}`);
  return found;
}

/** `COLLATE` behind a type, for a column that is to sort as another one does. */
export function collated({ collation }: ColumnProperties, isCollatable: boolean): string {
  return collation === null || !isCollatable ? '' : ` collate ${collation}`;
}

/** Statements that give a column what another one has. */
export function givenProperties(
  table: TableName,
  column: string,
  { comment, statistics, storage, compression, options }: ColumnProperties,
  isLong: boolean,
): string[] {
  const [own, name] = [quoteQualified(table), quoteIdentifier(column)];
  const alter = `alter table ${own} alter column ${name}`;
  return [
    ...(comment === null ? [] : [`comment on column ${own}.${name} is ${quoteLiteral(comment)}`]),
    ...(statistics === null ? [] : [`${alter} set statistics ${statistics}`]),
    ...(storage === null || !isLong ? [] : [`${alter} set storage ${storage}`]),
    ...(compression === null || !isLong ? [] : [`${alter} set compression ${compression}`]),
    ...(options.length === 0 ? [] : [`${alter} set (${options.join(', ')})`]),
  ];
}

/** Statements that give the roles that have rights on a column the same on another one. */
export function givenRights(table: TableName, column: string, { grants }: ColumnProperties): string[] {
  return grants.map(
    ({ right, role, mayGrant }) =>
      `grant ${right} (${quoteIdentifier(column)}) on ${quoteQualified(table)} to ${role}${mayGrant ? ' with grant option' : ''}`,
  );
}
