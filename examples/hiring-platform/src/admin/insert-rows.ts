import type { ClientBase } from 'pg';

/** The first rows of a company, which are written before there is anybody for an ORM to write them as. Names are the code's own. */
export async function insertRows(
  client: ClientBase,
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const columns = Object.keys(rows[0] as object).join(', ');
  await client.query(
    `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1)`,
    [JSON.stringify(rows)],
  );
}
