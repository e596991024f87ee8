import { type Call, type Rule, refused, refusedRelation } from './call.js';
import { eachOf, entriesOf, structure } from './structure.js';

/** P3: the tenant is ANDed with what the caller asks, so that no key of theirs can override it. */
export const where: Rule = (value, call, argument) => {
  const asked = filter(value, call, argument);
  const { tenantField } = call.model;
  if (tenantField === null) return asked;
  return structure([['AND', [structure([[tenantField, call.tenantId]]), asked]]]);
};

/** A filter over the model's own columns, combined with AND, OR and NOT at any depth. */
export function filter(value: unknown, call: Call, argument: string): Record<string, unknown> {
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => [key, filterEntry(key, entry, call, argument)]),
  );
}

export function filterEntry(key: string, value: unknown, call: Call, argument: string): unknown {
  // A field wins, in case a model has one of that name.
  const field = call.model.fields.get(key);
  if (field?.kind === 'scalar') return value;
  if (field) throw refusedRelation(call, argument, key);
  if (key === 'AND' || key === 'OR' || key === 'NOT') return eachOf(value, (item) => filter(item, call, argument));
  throw refused(call, `\`${argument}\` has the key ${JSON.stringify(key)}, which is no field`, 'Filter by a field.');
}
