import type { Client } from 'pg';
import { type Catalog, type ForeignKey, quoted, type Table } from './catalog.js';
import type { Ownership, Rows } from './ownership.js';

/**
 * Lets some rows of each tenant refer to rows of the next one, by each foreign key that does not contain the tenant: no
 * database forbids it, and what an application without the scope wrote in its time may well do so.
 *
 * Expects a session without constraint triggers.
 */
export async function plant(
  client: Client,
  { tables }: Catalog,
  { tenantColumn, tenantIds, rows, ownership }: Planting,
): Promise<void> {
  for (const table of tables) {
    const leading = table.foreignKeys.filter(
      ({ columns, to }) => ownership.isTenants(to) && !columns.includes(tenantColumn),
    );
    for (const [position, key] of leading.entries()) {
      for (const [index, tenantId] of tenantIds.entries()) {
        const next = tenantIds[(index + 1) % tenantIds.length] as string;
        await plantOne(client, table, key, { tenantColumn, tenantId, next, rows, ownership, position });
      }
    }
  }
}

interface Planting {
  readonly tenantColumn: string;
  readonly tenantIds: readonly string[];
  readonly rows: Rows;
  readonly ownership: Ownership;
}

async function plantOne(
  client: Client,
  table: Table,
  key: ForeignKey,
  {
    tenantId,
    next,
    rows,
    ownership,
    position,
  }: Omit<Planting, 'tenantIds'> & { readonly tenantId: string; readonly next: string; readonly position: number },
): Promise<void> {
  const isOf = (name: string, id: string) =>
    (rows.get(name) ?? []).filter((row) => ownership.ownersOf(name, row, rows).has(id));
  const targets = isOf(key.to, next);
  const target = targets[position % Math.max(1, targets.length)];
  const own = isOf(table.name, tenantId);
  // Several keys of one table are planted in several rows, so that each has rows that stay as they were.
  const row = own[own.length - 1 - (position % Math.max(1, own.length))];
  if (!target || !row) return;
  const values = key.references.map((column) => target[column]);
  const planted = { ...row, ...Object.fromEntries(key.columns.map((column, n) => [column, values[n]])) };
  const setting = key.columns.map(quoted).join(', ');
  const columns = table.columns.map(quoted).join(', ');
  const record = `jsonb_populate_record(null::${table.name}, $1::jsonb)`;
  // A row of a join table is another link; any other row is led elsewhere.
  const statement = table.hasTenant
    ? `update ${table.name} t set (${setting}) = (select ${setting} from ${record} p) where to_jsonb(t) = $2::jsonb`
    : `insert into ${table.name} (${columns}) overriding system value select ${columns} from ${record} p`;
  await client.query('savepoint planting');
  try {
    await client.query(statement, [JSON.stringify(planted), ...(table.hasTenant ? [JSON.stringify(row)] : [])]);
    if (table.hasTenant) (rows.get(table.name) as object[])[rows.get(table.name)?.indexOf(row) ?? -1] = planted;
  } catch (error) {
    // A unique key (one to one, or a link that is there) or a check does not allow it: then the database holds it.
    if (!String((error as { code?: unknown }).code).startsWith('23')) throw error;
    await client.query('rollback to savepoint planting');
  }
  await client.query('release savepoint planting');
}
