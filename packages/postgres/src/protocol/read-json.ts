import type { ClientBase } from 'pg';
import { AS_TEXT } from './as-text.js';

/** The rows of a query, as JSON carries them: no type parser of the application's reads them. */
export async function readJson<Row>(client: ClientBase, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const { rows } = await client.query<{ readonly json: string }>({
    text: `select coalesce(json_agg(to_json(tenancy_row)), '[]') as json from (${sql}) as tenancy_row`,
    values: [...values],
    types: AS_TEXT,
  });
  return JSON.parse(rows[0]?.json ?? '[]');
}
