import type { Client } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { readJson } from '../../protocol/read-json.js';

/** A database, on a server as `tenantPlaces` names it. */
export interface ScannedDatabase {
  readonly server: string;
  readonly database: string;
}

/** Rows in which a scan found a tenant. */
export interface Leftover extends ScannedDatabase {
  /** As `schema.name`. */
  readonly table: string;
  readonly column: string;
  readonly rows: number;
}

/** Tables that a scan has read. */
export interface Scan extends ScannedDatabase {
  readonly tables: number;
  readonly left: readonly Leftover[];
  /** Tables that it could not read, as `schema.name`, with the reason. */
  readonly unread: readonly { readonly table: string; readonly reason: string }[];
}

/** Names by which a tenant is looked for. */
export interface Traces {
  readonly id: string;
  /** Names of the tenant's schema or database. */
  readonly names: readonly string[];
  /** Names of columns that hold a tenant. */
  readonly tenantColumns: readonly string[];
}

interface ScannedTable {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly columns: readonly string[];
}

const TABLES = `select n.nspname as schema, c.relname as name, c.relkind as kind,
    (select json_agg(a.attname order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm', 'f') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and n.nspname <> all ($1) order by n.nspname collate "C", c.relname collate "C"`;

/** Tables that are asked at once. */
const AT_ONCE = 20;

/**
 * Looks into every row of every table and materialised view of a database, JSON, arrays and longer texts included, for a tenant that should be gone.
 *
 * @param leftOut - schemas that are not looked into: the directory's own
 */
export async function scanDatabase(
  client: Client,
  database: ScannedDatabase,
  traces: Traces,
  leftOut: readonly string[],
): Promise<Scan> {
  const tables = await readJson<ScannedTable>(client, TABLES, [leftOut]);
  const left: Leftover[] = [];
  const unread: { table: string; reason: string }[] = [];
  for (let at = 0; at < tables.length; at += AT_ONCE) {
    for (const table of await hitsAmong(client, tables.slice(at, at + AT_ONCE), traces, unread)) {
      for (const { column, rows } of await columnsOf(client, table, traces)) {
        left.push({ ...database, table: `${table.schema}.${table.name}`, column, rows });
      }
    }
  }
  return { ...database, tables: tables.length - unread.length, left, unread };
}

async function hitsAmong(
  client: Client,
  tables: readonly ScannedTable[],
  traces: Traces,
  unread: { table: string; reason: string }[],
): Promise<readonly ScannedTable[]> {
  const readable = tables.filter(({ kind }) => kind !== 'f');
  for (const { schema, name } of tables.filter(({ kind }) => kind === 'f')) {
    unread.push({ table: `${schema}.${name}`, reason: 'its rows are on another server' });
  }
  if (readable.length === 0) return [];
  const text = readable.map(
    (table, n) =>
      `select ${n} as n where exists (select 1 from only ${quoteQualified(table)} t where ${traceIn(table, traces)})`,
  );
  try {
    const found = await ask<'n'>(client, text.join(' union all '));
    return found.map(({ n }) => readable[Number(n)] as ScannedTable);
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code === undefined) throw error;
    const [table] = readable;
    if (readable.length > 1 || !table) {
      const hits: ScannedTable[] = [];
      for (const one of readable) hits.push(...(await hitsAmong(client, [one], traces, unread)));
      return hits;
    }
    // Dropped since.
    if (code !== '42P01') unread.push({ table: `${table.schema}.${table.name}`, reason: message });
    return [];
  }
}

async function columnsOf(client: Client, table: ScannedTable, traces: Traces) {
  const counts = table.columns.map((column, n) => `count(*) filter (where ${traceOf(column, traces)}) as c${n}`);
  const [row] = await ask<string>(
    client,
    `select ${counts.join(', ')}, count(*) as total from only ${quoteQualified(table)} t where ${traceIn(table, traces)}`,
  );
  const found = table.columns
    .map((column, n) => ({ column, rows: Number(row?.[`c${n}`]) }))
    .filter(({ rows }) => rows > 0);
  return found.length > 0 || !Number(row?.['total']) ? found : [{ column: '*', rows: Number(row?.['total']) }];
}

/** A condition on a row `t`: some of its columns says the tenant. */
function traceIn({ columns }: ScannedTable, traces: Traces): string {
  const own = columns.filter((column) => isTenantColumn(column, traces));
  return [textSays('(t.*)::text', traces), ...own.map((column) => equals(column, traces))].join(' or ');
}

function traceOf(column: string, traces: Traces): string {
  const says = textSays(`t.${quoteIdentifier(column)}::text`, traces);
  return isTenantColumn(column, traces) ? `${says} or ${equals(column, traces)}` : says;
}

function equals(column: string, { id }: Traces): string {
  return `t.${quoteIdentifier(column)}::text = ${quoteLiteral(id)}`;
}

function isTenantColumn(column: string, { tenantColumns }: Traces): boolean {
  return tenantColumns.includes(column) || /^tenant(_?id)?$/i.test(column);
}

/** An id that anything else may be as well, such as a number, is one only where it is said to be a tenant's. */
export function isMistakable(id: string): boolean {
  return id.length < 6 || /^\d+$/.test(id);
}

function textSays(text: string, { id, names }: Traces): string {
  const whole = [...names, ...(isMistakable(id) ? [] : [id])].flatMap(spellings);
  const said = isMistakable(id) ? spellings(id) : [];
  // Most rows do not have it at all, which is found out faster than by a pattern.
  const pattern = (spelling: string, before: string) =>
    `(strpos(${text}, ${quoteLiteral(spelling)}) > 0 and ${text} ~* ${quoteLiteral(`${before}${escaped(spelling)}($|[^[:alnum:]_-])`)})`;
  return [
    ...whole.map((spelling) => pattern(spelling, '(^|[^[:alnum:]_-])')),
    ...said.map((spelling) => pattern(spelling, 'tenant(_?id)?["\\\\]*\\s*[:=/]\\s*["\\\\]*')),
  ].join(' or ');
}

/** Ways in which a text stands in a row, in JSON, and in JSON in a row. */
function spellings(text: string): readonly string[] {
  const inJson = JSON.stringify(text).slice(1, -1);
  const inAscii = inJson.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const inRow = (said: string) => said.replace(/["\\]/g, '$&$&');
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? [text.toLowerCase()] : [];
  return [...new Set([text, inJson, inAscii, ...[text, inJson, inAscii].map(inRow), ...uuid])];
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
