import type { Client } from 'pg';

interface Table {
  readonly oid: string;
  /** Quoted, with its schema. */
  readonly name: string;
  /** Those that can be written, quoted. */
  readonly columns: readonly string[];
  /** Tables that its foreign keys lead to. */
  readonly references: readonly string[];
}

interface Sequence {
  readonly name: string;
  readonly last_value: string;
  readonly is_called: boolean;
}

/** The rows of every table of a database, to be put back. */
export interface TableSnapshot {
  readonly rows: ReadonlyMap<string, readonly string[]>;
  readonly sequences: readonly Sequence[];
}

/** Takes down every row, which is few: those that migrations have written. */
export async function takeSnapshot(client: Client): Promise<TableSnapshot> {
  const rows = new Map<string, readonly string[]>();
  for (const { name } of await tablesOf(client)) {
    const { rows: found } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
    if (found.length > 0)
      rows.set(
        name,
        found.map(({ row }) => row),
      );
  }
  return { rows, sequences: await sequencesOf(client) };
}

/** Empties every table, ones that have appeared since among them, and puts the rows and sequences of `snapshot` back. */
export async function restoreSnapshot(client: Client, snapshot: TableSnapshot): Promise<void> {
  const tables = await tablesOf(client);
  await client.query('begin');
  try {
    // An application that holds a transaction open would keep this waiting for ever.
    await client.query("set local lock_timeout = '10s'");
    if (tables.length > 0) {
      await client.query(`truncate ${tables.map(({ name }) => name).join(', ')} restart identity cascade`);
    }
    for (const { name, columns } of referencedFirst(tables)) {
      const rows = snapshot.rows.get(name);
      if (!rows || columns.length === 0) continue;
      await client.query(
        `insert into ${name} (${columns.join(', ')}) overriding system value
         select ${columns.map((column) => `(row::${name}).${column}`).join(', ')} from unnest($1::text[]) row`,
        [rows],
      );
    }
    for (const { name, last_value, is_called } of snapshot.sequences) {
      await client.query('select setval($1::text::regclass, $2, $3)', [name, last_value, is_called]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function tablesOf(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    select c.oid::text as oid,
           format('%I.%I', n.nspname, c.relname) as name,
           array(select quote_ident(a.attname) from pg_attribute a
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                  order by a.attnum) as columns,
           array(select f.confrelid::text from pg_constraint f where f.conrelid = c.oid and f.contype = 'f') as references
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition
       and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
       and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
     order by 2`);
  return rows;
}

async function sequencesOf(client: Client): Promise<Sequence[]> {
  const { rows: names } = await client.query<{ name: string }>(`
    select format('%I.%I', schemaname, sequencename) as name from pg_sequences where schemaname !~ '^pg_' order by 1`);
  const sequences: Sequence[] = [];
  for (const { name } of names) {
    const { rows } = await client.query<Sequence>(`select $1 as name, last_value, is_called from ${name}`, [name]);
    sequences.push(...rows);
  }
  return sequences;
}

/** Rows go in after those that they refer to. In a circle, in any order: then its constraints have to be deferrable. */
function referencedFirst(tables: readonly Table[]): Table[] {
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  const ordered = new Set<Table>();
  const visiting = new Set<Table>();
  const visit = (table: Table) => {
    if (ordered.has(table) || visiting.has(table)) return;
    visiting.add(table);
    for (const oid of table.references) {
      const referenced = byOid.get(oid);
      if (referenced) visit(referenced);
    }
    ordered.add(table);
  };
  for (const table of tables) visit(table);
  return [...ordered];
}
