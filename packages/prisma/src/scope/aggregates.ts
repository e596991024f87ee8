import type { Rule } from './call.js';
import { plainValue } from './column-value.js';
import { refused, unknownKey } from './refusals.js';
import { itemsOf } from './snapshot.js';
import { entriesOf, structure } from './structure.js';
import { filter } from './where.js';

/** `_count`, `_sum` and the like of an `aggregate` or `groupBy`: over columns, or over all rows. */
export const aggregated: Rule = (value, model, call, argument) => {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => {
      if (key !== '_all' && model.fields.get(key)?.kind !== 'scalar') throw unknownKey(call, model, argument, key);
      return [key, plainValue(entry, call, `${argument}.${key}`)];
    }),
  );
};

/** `by` and `distinct`: names of columns. */
export const columnNames: Rule = (value, model, call, argument) => {
  const names = Array.isArray(value) ? itemsOf(value) : [value];
  for (const name of names) {
    if (name === undefined || (typeof name === 'string' && model.fields.get(name)?.kind === 'scalar')) continue;
    const what =
      typeof name === 'string' ? JSON.stringify(name) : name === null ? 'null' : `a value of type ${typeof name}`;
    throw refused(call, `\`${argument}\` names ${what}, which is no column`, 'Name columns only.');
  }
  return Array.isArray(value) ? names : value;
};

/** Filters the groups of a `groupBy`: a filter over columns. */
export const having: Rule = (value, model, call, argument) =>
  value === undefined ? undefined : filter(value, model, call, argument);
