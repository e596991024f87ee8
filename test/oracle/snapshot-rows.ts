import type { Model } from './schema.js';

/** The values of each row of a model, as text, in the order of the fields. */
export function rowsOf({ table }: Model, rows: readonly string[]): readonly (readonly string[])[] {
  return rows
    .filter((row) => row.startsWith(`${table}: `))
    .map((row) => {
      const text = row.slice(table.length + 2);
      if (text.startsWith('[')) return (JSON.parse(text) as readonly unknown[]).map((value) => JSON.stringify(value));
      return text.match(/[xX]?'(?:[^']|'')*'|[^,]+/g) ?? [];
    });
}

/** The values at some places, as one text; null where one of them is, which is no key then. */
export function keyAt(row: readonly string[], at: readonly number[]): string | null {
  const values = at.map((index) => row[index] ?? 'null');
  return values.some((value) => value.toLowerCase() === 'null') ? null : JSON.stringify(values);
}
