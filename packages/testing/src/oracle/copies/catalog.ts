import type { Client } from 'pg';

/** A table, by its name as it stands in SQL: quoted, and with its schema. */
export interface Table {
  readonly name: string;
  /** Columns that can be written: not those that the database computes. */
  readonly columns: readonly string[];
  readonly hasTenant: boolean;
  readonly foreignKeys: readonly ForeignKey[];
}

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly to: string;
  readonly references: readonly string[];
}

export interface Catalog {
  readonly tables: readonly Table[];
  readonly sequences: readonly string[];
}

const USERS_OWN = `n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'`;
// What belongs to an extension is not the application's.
const NOT_AN_EXTENSIONS = `not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`;
const NAME = `format('%I.%I', n.nspname, c.relname)`;

/** The tables with rows (of a partitioned one its partitions), their keys and the sequences, from PostgreSQL's catalogs. */
export async function readCatalog(client: Client, tenantColumn: string): Promise<Catalog> {
  const names = new Map<string, string>();
  const { rows: tables } = await client.query<{ oid: string; name: string; columns: string[]; has_tenant: boolean }>(
    `select c.oid::text, ${NAME} as name,
       array(select a.attname::text from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = $1 and a.attnum > 0
         and not a.attisdropped) as has_tenant
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and ${USERS_OWN} and ${NOT_AN_EXTENSIONS} order by name`,
    [tenantColumn],
  );
  for (const { oid, name } of tables) names.set(oid, name);
  const { rows: keys } = await client.query<{ from: string; to: string; columns: string[]; references: string[] }>(
    `select k.conrelid::text as "from", k.confrelid::text as "to",
       array(select a.attname::text from unnest(k.conkey) with ordinality u (n, o)
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by u.o) as columns,
       array(select a.attname::text from unnest(k.confkey) with ordinality u (n, o)
         join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by u.o) as "references"
     from pg_constraint k where k.contype = 'f' order by k.conrelid, k.conname`,
  );
  const { rows: sequences } = await client.query<{ name: string }>(
    `select ${NAME} as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'S' and ${USERS_OWN} and ${NOT_AN_EXTENSIONS} order by name`,
  );
  return {
    tables: tables.map(({ oid, name, columns, has_tenant }) => ({
      name,
      columns,
      hasTenant: has_tenant,
      foreignKeys: keys
        .filter(({ from, to }) => from === oid && names.has(to))
        .map(({ to, columns: own, references }) => ({ columns: own, to: names.get(to) as string, references })),
    })),
    sequences: sequences.map(({ name }) => name),
  };
}

export const quoted = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`;
