import type { ScopedModel } from '../schema/model.js';
import { type Call, type Filter, type Rule, withinTenant } from './call.js';
import { entriesOf, structure } from './structure.js';
import { filterEntry } from './where.js';

/**
 * P4: unique keys stay on top, where Prisma looks for them, and the tenant joins them as a key of its own. As such it
 * also lets Prisma keep answering several `findUnique` of one tick with one query.
 */
export const uniqueWhere: Rule = (value, model, call, argument) => scopedUnique(value, model, call, argument);

export function scopedUnique(value: unknown, model: ScopedModel, call: Call, argument: string): Filter {
  return withinTenant(
    model,
    call,
    structure(
      entriesOf(value, call, argument).map(([key, entry]) => [key, uniqueEntry(key, entry, model, call, argument)]),
    ),
  );
}

/** A unique filter with more conditions. */
export function andUnique(unique: Filter, conditions: readonly Filter[]): Filter {
  const and = unique['AND'];
  return structure([
    ...Object.entries(unique).filter(([key]) => key !== 'AND'),
    ['AND', [...(Array.isArray(and) ? and : and === undefined ? [] : [and]), ...conditions]],
  ]);
}

function uniqueEntry(key: string, value: unknown, model: ScopedModel, call: Call, argument: string): unknown {
  return isCompoundKey(key, value, model)
    ? structure(Object.entries(value))
    : filterEntry(key, value, model, call, argument);
}

/** `{ tenantId_title: { tenantId, title } }`: Prisma itself checks that there is such a key. */
export function isCompoundKey(key: string, value: unknown, model: ScopedModel): value is object {
  return (
    !model.fields.has(key) &&
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.keys(value).length > 0 &&
    Object.keys(value).every((column) => model.fields.get(column)?.kind === 'scalar')
  );
}
