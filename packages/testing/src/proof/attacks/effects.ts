import type { PlantedRow, TenantRows } from '../../canaries/planted.js';
import { rowChanges } from '../target/row-changes.js';
import type { Attempt, Target } from '../target/target.js';
import { isClock } from './volatile.js';

/**
 * A call whose outcome is what it did to the tenant's own rows, beside what it answered: nobody reads the answer of a job or a tick, and a
 * count of everybody's rows that is written down is read by another entrance, later.
 */
export async function withEffects(target: Target, call: () => Promise<Attempt>): Promise<Attempt> {
  const { harness, transport, own } = target;
  if (!transport.forgeries || !harness.rowsOf) return call();
  const before = await harness.rowsOf(own);
  const attempt = await call();
  const after = await harness.rowsOf(own);
  const written = byTable(rowChanges(before, after).flatMap(({ table, after: row }) => (row ? [{ table, row }] : [])));
  return { ...attempt, seen: { answer: attempt.seen, written: told(written), rows: told(sorted(after)) } };
}

/** With the numbers of texts beside them: `3 of 12 notes` goes on by the same step, or does not. */
function told(tables: TenantRows): unknown {
  const each = (value: unknown) => {
    const numbers = typeof value === 'string' && !isClock(value) ? value.match(ALONE) : null;
    return numbers ? { text: String(value).replaceAll(ALONE, '#'), numbers: numbers.map(Number) } : value;
  };
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, each(value)]))),
    ]),
  );
}

/** A number that is a word of its own, and no part of an id or a name. */
const ALONE = /(?<![\w.-])\d{1,15}(?![\w-])/g;

function byTable(rows: readonly { readonly table: string; readonly row: PlantedRow }[]): TenantRows {
  const tables: Record<string, PlantedRow[]> = {};
  for (const { table, row } of rows) (tables[table] ??= []).push(row);
  return sorted(tables);
}

/** In an order that is the same for rows that are written anew each time, with another id. */
function sorted(tables: TenantRows): TenantRows {
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      rows.map(unnumbered).toSorted((one, other) => (lasting(one) < lasting(other) ? -1 : 1)),
    ]),
  );
}

/** Without what the database numbers for all tenants together. */
const unnumbered = (row: PlantedRow): PlantedRow =>
  Object.fromEntries(Object.entries(row).filter(([column]) => !/seq|serial|position|version|(^|_)no$/i.test(column)));

const lasting = (row: PlantedRow): string =>
  JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)).replaceAll(
    /[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[\d:.]+Z|\d+/g,
    '',
  );
