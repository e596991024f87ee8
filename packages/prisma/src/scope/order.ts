import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import { aggregated, columnNames } from './aggregates.js';
import type { Call, Rule } from './call.js';
import { columnOrder, plainValue } from './column-value.js';
import { foreignRows } from './dependents.js';
import { nameOf, refused, unknownKey } from './refusals.js';
import { eachOf, entriesOf, structure } from './structure.js';
import { related } from './tenant-filters.js';

export const orderBy: Rule = (value, model, call, argument) =>
  value === undefined ? undefined : eachOf(value, (item) => order(item, model, call, argument, [], []));

const AGGREGATES = ['_count', '_avg', '_sum', '_min', '_max'];

/** The groups of a `groupBy` are ordered by aggregates as well, which P24 keeps within the tenant by its `where`. */
export const orderGroupsBy: Rule = (value, model, call, argument) =>
  value === undefined ? undefined : eachOf(value, (item) => order(item, model, call, argument, AGGREGATES, []));

function order(
  value: unknown,
  model: ScopedModel,
  call: Call,
  argument: string,
  aggregates: readonly string[],
  path: readonly ScopedRelation[],
): unknown {
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => {
      const field = model.fields.get(key);
      if (field?.kind === 'scalar') return [key, columnOrder(entry, field, model, call)];
      if (field) return [key, relatedOrder(entry, field, call, `${argument}.${key}`, path)];
      if (key === '_relevance') return [key, relevance(entry, model, call, `${argument}._relevance`)];
      if (aggregates.includes(key)) return [key, aggregated(entry, model, call, argument)];
      throw unknownKey(call, model, argument, key);
    }),
  );
}

/** How well a text is found in columns of the row itself. */
function relevance(value: unknown, model: ScopedModel, call: Call, argument: string): unknown {
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => {
      if (key === 'fields') return [key, columnNames(entry, model, call, `${argument}.fields`)];
      if (key !== 'search' && key !== 'sort') throw unknownKey(call, model, argument, key);
      return [key, plainValue(entry, call, `${argument}.${key}`)];
    }),
  );
}

/**
 * P10: Prisma takes no condition here, so another tenant's value or number of rows would show in the order. It is refused where such a
 * row is at the other end.
 *
 * @param path the relations that lead to this one from the rows that are ordered
 */
function relatedOrder(
  value: unknown,
  relation: ScopedRelation,
  call: Call,
  argument: string,
  path: readonly ScopedRelation[],
): unknown {
  const foreign = call.hasFloor ? null : foreignRows(relation, call);
  if (foreign) {
    const refusal = () =>
      refused(
        call,
        `\`${argument}\` orders by rows of another tenant`,
        `Correct the foreign keys, and put the tenant into that of ${nameOf(relation)} at both ends; or use a floor (the option \`floor\`).`,
      );
    const condition = path.reduceRight((below, each) => related(each, below), foreign);
    const [of = relation.of] = path.map((each) => each.of);
    call.guards.ofRows.push({ of, condition, path: call.path, chain: [], why: nameOf(relation), refusal });
  }
  if (!relation.isList) return order(value, relation.to, call, argument, [], [...path, relation]);
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => {
      if (key !== '_count') throw unknownKey(call, relation.to, argument, key);
      return [key, plainValue(entry, call, `${argument}.${key}`)];
    }),
  );
}
