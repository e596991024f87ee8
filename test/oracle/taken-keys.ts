import type { Model, RandomSchema } from './schema.js';
import type { Snapshot } from './sql.js';

/** True when a tenant that is alone came to have a value that the other one has of a unique key without the tenant. */
export function tookKeyOfOther(schema: RandomSchema, alone: Snapshot, shared: Snapshot): boolean {
  return schema.models.some((model) => {
    const [own, other] = [alone.own, shared.other].map((rows) => rowsOf(model, rows));
    return model.keys
      .filter(({ fields }) => !fields.includes(schema.tenantField))
      .some(({ fields }) => {
        const at = fields.map((name) => model.fields.findIndex((field) => field.name === name));
        const keyOf = (row: readonly string[]) => JSON.stringify(at.map((index) => row[index]));
        const taken = new Set(other?.map(keyOf));
        return own?.some((row) => taken.has(keyOf(row)));
      });
  });
}

/** The values of each row, as text, in the order of the fields. */
function rowsOf({ table }: Model, rows: readonly string[]): readonly (readonly string[])[] {
  return rows
    .filter((row) => row.startsWith(`${table}: `))
    .map((row) => {
      const text = row.slice(table.length + 2);
      if (text.startsWith('[')) return (JSON.parse(text) as readonly unknown[]).map((value) => JSON.stringify(value));
      return text.match(/[xX]?'(?:[^']|'')*'|[^,]+/g) ?? [];
    });
}
