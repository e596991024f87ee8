import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import { type Call, type Filter, nameOf, refused, tenantCondition } from './call.js';

/**
 * P15: the database accepts a foreign key that names another tenant's row, unless the key contains the tenant. So a row of
 * this tenant must be found first.
 */
export function guardForeignKeys(
  entries: readonly (readonly [string, unknown])[],
  model: ScopedModel,
  call: Call,
  argument: string,
  isUpdate: boolean,
): void {
  const values = new Map(entries);
  const relations = new Set<ScopedRelation>();
  for (const [key] of entries) {
    const field = model.fields.get(key);
    if (field?.kind === 'scalar') for (const relation of field.unchecked) relations.add(relation);
  }
  for (const relation of relations) {
    const key = relation.key.fields.map((name) => values.get(name));
    // One null, and it refers to nothing.
    if (key.includes(null) || (!isUpdate && key.some((value) => value === undefined) && !hasRequired(relation, values)))
      continue;
    if (key.some((value) => value === undefined)) {
      throw refused(
        call,
        `\`${argument}\` sets a part of the foreign key of ${nameOf(relation)}, which may then name another tenant’s row`,
        `Set ${relation.key.fields.join(', ')} together.`,
      );
    }
    call.guards.requireRow(relation, tenantCondition(relation.to, call) as Filter, key);
  }
}

/** A part that is not given may have a default. */
function hasRequired(relation: ScopedRelation, values: ReadonlyMap<string, unknown>): boolean {
  return relation.key.fields.length > 1 && relation.key.fields.some((name) => values.has(name));
}

/** The value an update sets a column to; what is computed from the row is not known here. */
export function valueSet(value: unknown, key: string, call: Call, argument: string): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array) return value;
  const operations = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const [[operation, operand] = [], ...others] = operations;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  if (operation === 'set' && others.length === 0) return operand;
  throw refused(call, `\`${argument}\` computes ${key}, a key`, `Set ${key} to a value.`);
}
