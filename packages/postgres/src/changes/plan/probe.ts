import type { ClientBase } from 'pg';
import { quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import type { TableName } from './step.js';

/** An empty table with the same columns, on which a statement can be tried. */
export interface Probe {
  readonly table: string;
  /** One statement; a second one in the same text is refused. */
  query(sql: string): Promise<void>;
  /** True when `sql` would write a table anew. */
  rewrites(sql: string): Promise<boolean>;
  readonly client: ClientBase;
}

/** Tries on an empty copy, of which nothing is left, what is to be done to `table`, on which nothing but its columns is read. */
export async function probing<R>(
  client: ClientBase,
  table: TableName,
  id: string,
  work: (probe: Probe) => Promise<R>,
): Promise<R> {
  const probe = `public."tenancy_probe_${id}"`;
  await client.query(`begin; set local lock_timeout = '5s'`);
  try {
    await client.query(`create table ${probe} (like ${quoteQualified(table)})`);
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
    });
  } finally {
    await client.query('rollback');
  }
}
