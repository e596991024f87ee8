import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import type { Call, Filter, Rule } from './call.js';
import { columnFilter } from './column-value.js';
import { unknownKey } from './refusals.js';
import { relationFilter } from './relation-filter.js';
import { eachOf, entriesOf, structure } from './structure.js';
import { withinTenant } from './tenant-filters.js';

/** The caller's filter, within the tenant. */
export const where: Rule = (value, model, call, argument) =>
  withinTenant(model, call, filter(value, model, call, argument));

/** A filter of the model's own columns and relations, combined with AND, OR and NOT at any depth. */
export function filter(value: unknown, model: ScopedModel, call: Call, argument: string): Filter {
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => [key, filterEntry(key, entry, model, call, argument)]),
  );
}

export function filterEntry(key: string, value: unknown, model: ScopedModel, call: Call, argument: string): unknown {
  // A field wins, in case a model has one of that name.
  const field = model.fields.get(key);
  if (field?.kind === 'scalar') return columnFilter(value, field, model, call);
  if (field) return relationFilter(value, field, call, `${argument}.${key}`);
  if (key === 'AND' || key === 'OR' || key === 'NOT') {
    return eachOf(value, (item) => filter(item, model, call, argument));
  }
  throw unknownKey(call, model, argument, key);
}

/** A condition on a relation, within the tenant: of a relation that compares the tenant itself, as it is. */
export function relatedWhere(value: unknown, relation: ScopedRelation, call: Call, argument: string): Filter {
  const asked = filter(value, relation.to, call, argument);
  return relation.comparesTenant ? asked : withinTenant(relation.to, call, asked);
}
