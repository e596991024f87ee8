import type { RandomSchema } from './schema.js';
import { keyAt, rowsOf } from './snapshot-rows.js';
import type { Snapshot } from './sql.js';

/** True when a tenant that is alone came to have a value that the other one has of a unique key without the tenant. */
export function tookKeyOfOther(schema: RandomSchema, alone: Snapshot, shared: Snapshot): boolean {
  return schema.models.some((model) => {
    const [own = [], other = []] = [alone.own, shared.other].map((rows) => rowsOf(model, rows));
    return model.keys
      .filter(({ fields }) => !fields.includes(schema.tenantField))
      .some(({ fields }) => {
        const at = fields.map((name) => model.fields.findIndex((field) => field.name === name));
        const keyOf = (row: readonly string[]) => keyAt(row, at);
        const taken = new Set(other.map(keyOf));
        return own.map(keyOf).some((key) => key !== null && taken.has(key));
      });
  });
}
