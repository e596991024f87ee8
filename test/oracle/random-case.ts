import { Dice } from './dice.js';
import { type RandomRows, randomRows } from './random-rows.js';
import { randomSchema, type SchemaSettings } from './random-schema.js';
import type { RandomSchema } from './schema.js';

export interface RandomCase {
  readonly schema: RandomSchema;
  readonly rows: RandomRows;
}

/** A schema and its rows: one that its own keys leave (nearly) without rows is left out, as it shows nothing. */
export function randomCase(seed: number, settings: SchemaSettings): RandomCase {
  const dice = new Dice(seed);
  for (;;) {
    const schema = randomSchema(dice, settings);
    for (let tries = 0; tries < 3; tries += 1) {
      const rows = randomRows(dice, schema);
      if (
        [...rows.models.values()].every(
          ({ own, other, shared }) => shared.length > 0 || (own.length > 1 && other.length > 1),
        )
      )
        return { schema, rows };
    }
  }
}
