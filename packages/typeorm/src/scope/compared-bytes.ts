import type { Column, Metadata } from '../typeorm-internals.js';

/**
 * How a database compares texts with what it has in its tenant columns: by their bytes; without case, accents or spaces at the
 * end; or without punctuation too.
 */
export type Comparison = 'bytes' | 'letters' | 'letters and digits alone';

/** The tenants' ids that no such comparison takes for one another. */
export const DISTINCT_IDS: Readonly<Record<Comparison, RegExp>> = {
  bytes: /^/,
  letters: /^[a-z0-9_-]+$/,
  'letters and digits alone': /^[a-z0-9]+$/,
};

type Query = (sql: string, parameters?: unknown[]) => Promise<unknown>;
type Columns = Iterable<readonly [Metadata, Column]>;

const POSTGRES = /^(?:postgres|aurora-postgres|cockroachdb)$/;
const SQLITE = /^(?:sqlite|better-sqlite3|sqljs|expo|capacitor)$/;

/** The comparison that driver and entities declare. MySQL, MariaDB and SQL Server compare letters, unless each column is told otherwise. */
export function declaredComparison(type: string, columns: Columns): Comparison {
  if (!POSTGRES.test(type) && !SQLITE.test(type)) return 'letters';
  const isOther = [...columns].some(
    ([, column]) =>
      /^(?:citext|char|character|bpchar)\b/i.test(typeof column.type === 'string' ? column.type : '') ||
      /^(?:nocase|rtrim)$/i.test(column.collation ?? ''),
  );
  return isOther ? 'letters' : 'bytes';
}

/** The comparison of the database's own columns, which a migration may have made otherwise than their entities say. */
export async function actualComparison(type: string, columns: Columns, query: Query): Promise<Comparison | undefined> {
  if (type === 'postgres') return comparisonOnPostgres([...columns], query);
  if (SQLITE.test(type)) return comparisonOnSqlite([...columns], query);
  return undefined;
}

const CATALOG = `
  WITH RECURSIVE "of" AS (
    SELECT a.atttypid AS "type", a.attcollation AS "collation"
    FROM unnest($1::text[], $2::text[]) AS t ("table", "column")
    JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass(t."table") AND a.attname = t."column"
  ), "base" AS (
    SELECT * FROM "of"
    UNION ALL SELECT d.typbasetype, b."collation" FROM "base" b JOIN pg_catalog.pg_type d ON d.oid = b."type" AND d.typtype = 'd'
  )
  SELECT y.typname AS "type", to_jsonb(c)->>'collisdeterministic' = 'false' AS "isLoose", to_jsonb(c)::text LIKE '%shifted%' AS "isShifted"
  FROM "base" b JOIN pg_catalog.pg_type y ON y.oid = b."type" AND y.typtype <> 'd'
  LEFT JOIN pg_catalog.pg_collation c ON c.oid = b."collation"`;

async function comparisonOnPostgres(columns: (readonly [Metadata, Column])[], query: Query): Promise<Comparison> {
  const quoted = (path: string) =>
    path
      .split('.')
      .map((part) => `"${part.replaceAll('"', '""')}"`)
      .join('.');
  const rows = (await query(CATALOG, [
    columns.map(([{ tablePath }]) => quoted(tablePath)),
    columns.map(([, { databaseName }]) => databaseName),
  ])) as { type: string; isLoose: boolean | null; isShifted: boolean | null }[];
  if (rows.some(({ isLoose, isShifted }) => isLoose && isShifted)) return 'letters and digits alone';
  return rows.some(({ type, isLoose }) => isLoose || type === 'citext' || type === 'bpchar') ? 'letters' : 'bytes';
}

/** It does not say how a column compares, and is asked to compare with one that has no rows. */
async function comparisonOnSqlite(columns: (readonly [Metadata, Column])[], query: Query): Promise<Comparison> {
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const probes = columns.map(
    ([{ tablePath }, { databaseName }]) =>
      `SELECT max(t.c = 'A', t.c = 'a ', t.c = 'á') AS "isLoose", t.c = 'a-' AS "isShifted" FROM ` +
      `(SELECT ${quoted(databaseName)} AS c FROM ${tablePath.split('.').map(quoted).join('.')} WHERE 0 UNION ALL SELECT 'a') t`,
  );
  // One by one, as a table may be missing.
  let found: Comparison = 'bytes';
  for (const probe of probes) {
    const [row] = (await query(probe).catch(() => [])) as { isLoose: number; isShifted: number }[];
    if (row?.isShifted) return 'letters and digits alone';
    if (row?.isLoose) found = 'letters';
  }
  return found;
}
