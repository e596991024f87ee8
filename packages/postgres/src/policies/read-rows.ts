import type { CatalogConnection } from './catalog-connection.js';

/**
 * The rows of a query, whatever type parsers the application has set on the connection or on `pg` itself: they come as one
 * text of JSON, which is read here. What the server sends in the binary format is the same text.
 */
export async function readRows(
  connection: CatalogConnection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly unknown[]> {
  const { rows } = await connection.query(`select coalesce(json_agg(found), '[]')::text as found from (${sql}) found`, [
    ...values,
  ]);
  const [row] = rows as readonly { readonly found?: unknown }[];
  // Not every connection is `pg`'s: what answers rows of its own is taken at its word.
  return row?.found === undefined ? rows : (JSON.parse(String(row.found)) as readonly unknown[]);
}
