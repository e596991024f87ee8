import { type Call, type Rule, refused, refusedRelation } from './call.js';
import { aggregated } from './selection.js';
import { eachOf, entriesOf, structure } from './structure.js';
import { filter } from './where.js';

/** P10: rows ordered through a relation show another tenant's values by their order. */
export const orderBy: Rule = (value, call, argument) =>
  value === undefined ? undefined : eachOf(value, (item) => order(item, call, argument, []));

const AGGREGATES = ['_count', '_avg', '_sum', '_min', '_max'];

/** The groups of a `groupBy` are ordered by aggregates as well, which P24 keeps within the tenant by its `where`. */
export const orderGroupsBy: Rule = (value, call, argument) =>
  value === undefined ? undefined : eachOf(value, (item) => order(item, call, argument, AGGREGATES));

/** Filters the groups of a `groupBy`: a filter over columns. */
export const having: Rule = (value, call, argument) =>
  value === undefined ? undefined : filter(value, call, argument);

function order(value: unknown, call: Call, argument: string, aggregates: readonly string[]): unknown {
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => {
      const field = call.model.fields.get(key);
      if (field?.kind === 'scalar') return [key, entry];
      if (field) throw refusedRelation(call, argument, key);
      if (aggregates.includes(key)) return [key, aggregated(entry, call, argument)];
      throw refused(
        call,
        `\`${argument}\` has the key ${JSON.stringify(key)}, which is no column`,
        'Order by columns.',
      );
    }),
  );
}
