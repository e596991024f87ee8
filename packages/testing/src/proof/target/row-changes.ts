import { isDeepStrictEqual } from 'node:util';
import type { PlantedRow, TenantRows } from '../../canaries/planted.js';
import type { RowChange } from '../../report/isolation-report.js';

/** The changes of a tenant's rows between two looks at them. */
export function rowChanges(before: TenantRows, after: TenantRows): readonly RowChange[] {
  const tables = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...tables].flatMap((table) => changesOf(table, before[table] ?? [], after[table] ?? []));
}

function changesOf(table: string, before: readonly PlantedRow[], after: readonly PlantedRow[]): RowChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const gone = missingFrom(after, before);
  const come = missingFrom(before, after);
  const changes: RowChange[] = gone.map((row) => {
    const now = come.findIndex((each) => keyOf(each) !== undefined && keyOf(each) === keyOf(row));
    return { table, before: row, after: now < 0 ? null : (come.splice(now, 1)[0] ?? null) };
  });
  return [...changes, ...come.map((row) => ({ table, before: null, after: row }))];
}

function missingFrom(rows: readonly PlantedRow[], candidates: readonly PlantedRow[]): PlantedRow[] {
  const known = new Set(rows.map(textOf));
  return candidates.filter((row) => !known.has(textOf(row)));
}

function textOf(row: PlantedRow): string {
  return JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

/** By `id`, or by what comes first: enough to show which row became which. */
function keyOf(row: PlantedRow): unknown {
  return row['id'] ?? Object.values(row)[0];
}
