import { isFieldReference } from '../prisma-internals.js';
import type { ScopedModel, ScopedScalar } from '../schema/model.js';
import type { Call, Rule } from './call.js';
import { refused, unknownKey } from './refusals.js';
import { isDecimal, itemsOf, snapshot } from './snapshot.js';
import { entriesOf, isValue, structure } from './structure.js';

/**
 * P23: what stands where a value belongs may be a question of its own in a later Prisma, with a `where` that nobody has read.
 * So an object is a value of a known kind, or every key of it is known.
 */
export function columnFilter(value: unknown, field: ScopedScalar, model: ScopedModel, call: Call): unknown {
  if (!isObject(value)) return plainValue(value, call, field.name);
  return structure(
    entriesOf(value, call, field.name).map(([key, entry]) => {
      if (NESTED_FILTERS.has(key) && !(isJson(field) && key === 'not'))
        return [key, columnFilter(entry, field, model, call)];
      if (!FILTERS.has(key)) throw unknownKey(call, model, field.name, key);
      return [key, isJson(field) ? snapshot(entry) : plainValue(entry, call, `${field.name}.${key}`)];
    }),
  );
}

/** The value that a column is set to, or is changed by. A Json column takes whatever it is given. */
export function columnData(value: unknown, field: ScopedScalar, model: ScopedModel, call: Call): unknown {
  if (isJson(field)) return snapshot(value);
  return !isObject(value) ? plainValue(value, call, field.name) : keyed(value, CHANGES, model, call, field.name);
}

/** `asc`, or `{ sort, nulls }`. */
export function columnOrder(value: unknown, field: ScopedScalar, model: ScopedModel, call: Call): unknown {
  return !isObject(value) ? plainValue(value, call, field.name) : keyed(value, ORDERS, model, call, field.name);
}

/** Whatever a value may be, and nothing with keys of its own. */
export const asGiven: Rule = (value, _model, call, argument) => plainValue(value, call, argument);

/** A number, a text, a list of such: nothing with keys of its own. */
export function plainValue(value: unknown, call: Call, argument: string): unknown {
  if (Array.isArray(value)) return itemsOf(value).map((item) => plainValue(item, call, argument));
  if (isObject(value)) {
    // Nothing is asked by what has no keys.
    if (entriesOf(value, call, argument).length === 0) return structure([]);
    throw refused(call, `\`${argument}\` has an object where a value belongs`, 'Pass a value, or leave it out.');
  }
  const given = snapshot(value);
  // What `toJSON` answers is what Prisma reads.
  return Array.isArray(given) || isObject(given) ? plainValue(given, call, argument) : given;
}

function keyed(value: unknown, known: ReadonlySet<string>, model: ScopedModel, call: Call, argument: string): unknown {
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => {
      if (!known.has(key)) throw unknownKey(call, model, argument, key);
      return [key, plainValue(entry, call, `${argument}.${key}`)];
    }),
  );
}

function isObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !isValue(value) && !isDecimal(value) && !isFieldReference(value);
}

const CHANGES: ReadonlySet<string> = new Set(['set', 'increment', 'decrement', 'multiply', 'divide', 'push', 'unset']);
const ORDERS: ReadonlySet<string> = new Set(['sort', 'nulls']);
/** Filters of a column, and in a `having` of what is worked out of it. */
const NESTED_FILTERS: ReadonlySet<string> = new Set(['not', '_count', '_avg', '_sum', '_min', '_max']);
const FILTERS: ReadonlySet<string> = new Set(
  `equals not in notIn lt lte gt gte contains startsWith endsWith mode search has hasEvery hasSome isEmpty path string_contains
  string_starts_with string_ends_with array_contains array_starts_with array_ends_with`.split(/\s+/),
);

function isJson({ type }: ScopedScalar): boolean {
  return type === 'Json';
}
