import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { enclosed } from './names.js';
import type { TableName } from './step.js';

/** An empty table with the same columns, on which a statement can be tried. */
export interface Probe {
  readonly table: string;
  /** One statement; a second one in the same text is refused. */
  query(sql: string): Promise<void>;
  /** True when `sql` would write a table anew. */
  rewrites(sql: string): Promise<boolean>;
  /** The columns that an expression over a row of the table itself reads, of whatever table. */
  reads(value: string): Promise<Read[]>;
  readonly client: ClientBase;
}

/** A column that an expression reads. */
export interface Read {
  readonly table: TableName;
  readonly column: string;
  /** True for one that is made of others, which has no value yet while a trigger looks at a row. */
  readonly isGenerated: boolean;
}

/** Tries on an empty copy, of which nothing is left, what is to be done to `table`, of which nothing but the catalog is read. */
export async function probing<R>(
  client: ClientBase,
  table: TableName,
  id: string,
  work: (probe: Probe) => Promise<R>,
): Promise<R> {
  const probe = `public."tenancy_probe_${id}"`;
  await client.query(`begin; set local lock_timeout = '5s'`);
  try {
    // Unlogged, as a publication of all tables would have it refuse updates: it has no replica identity.
    await client.query(`create unlogged table ${probe} (like ${quoteQualified(table)})`);
    // The extended protocol takes one statement.
    const query = async (sql: string) => {
      await client.query({ text: sql, queryMode: 'extended' } as never);
    };
    const file = async () =>
      (await readJson<{ file: number }>(client, `select pg_relation_filenode('${probe}')::bigint as file`))[0]?.file;
    return await work({
      table: probe,
      client,
      query,
      rewrites: async (sql) => {
        const before = await file();
        await query(sql);
        return (await file()) !== before;
      },
      reads: async (value) => {
        // A view has an entry in the catalog for each column that it reads.
        const view = `public."tenancy_reads_${id}"`;
        const own = quoteIdentifier(table.name);
        await query(
          `create view ${view} as select from ${quoteQualified(table)} as ${own} where ${enclosed(value)} is null`,
        );
        return readJson<Read>(client, READS, [view, quoteQualified(table)]);
      },
    });
  } finally {
    await client.query('rollback');
  }
}

/** Of a row that is read as a whole, the generated columns of the table alone: all others have their values. */
const READS = `
  select distinct json_build_object('schema', n.nspname, 'name', c.relname)::jsonb as table, a.attname as column, a.attgenerated <> '' as "isGenerated"
    from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where r.ev_class = $1::regclass and c.oid <> r.ev_class and a.attnum > 0 and not a.attisdropped
      and (a.attnum = d.refobjsubid
        or a.attgenerated <> '' and c.oid = $2::regclass and r.ev_action::text ~ ':varattno 0 ')`;
