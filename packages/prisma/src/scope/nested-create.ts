import type { ScopedRelation } from '../schema/model.js';
import type { Call, Filter } from './call.js';
import { asGiven } from './column-value.js';
import { connect, connected, guardKeyHolder } from './connect.js';
import { newRow } from './create-data.js';
import { refused, unknownKey } from './refusals.js';
import { newRows } from './stamp.js';
import { eachOf, entriesOf, structure } from './structure.js';

/** One nested action, such as `connect`, of one relation. */
export type NestedAction = (value: unknown, relation: ScopedRelation, call: Call, argument: string) => unknown;

/** P12, P14: what may be nested into a new row. An action that is not here is refused (P23). */
export const createActions: Readonly<Record<string, NestedAction>> = {
  create: (value, relation, call, argument) => {
    guardKeyHolder(relation, call, argument);
    const ofList = Array.isArray(value) ? { ...call, list: newRows(value, relation.to) } : call;
    return eachOf(value, (item) => newRow(item, relation.to, ofList, argument, relation));
  },
  createMany: (value, relation, call, argument) => {
    const rules: Readonly<Record<string, NestedAction>> = {
      data: (data) => eachOf(data, (item) => newRow(item, relation.to, call, `${argument}.data`, relation)),
      skipDuplicates: (given) => asGiven(given, relation.to, call, argument),
    };
    return byRules(value, rules, relation, call, argument);
  },
  connect,
  // P19: of another tenant's row nothing is found, as of one that is not there.
  connectOrCreate: (value, relation, call, argument) =>
    eachOf(value, (item) =>
      byRules(
        item,
        {
          where: (where) => connected(where, relation, call, `${argument}.where`),
          create: (data) => newRow(data, relation.to, { ...call, isUncertain: true }, `${argument}.create`, relation),
        },
        relation,
        call,
        argument,
      ),
    ),
};

export function nestedCreate(value: unknown, relation: ScopedRelation, call: Call, argument: string): Filter {
  return byRules(value, createActions, relation, call, argument);
}

/** Rewrites an object whose every key must have a rule. */
export function byRules(
  value: unknown,
  rules: Readonly<Record<string, NestedAction>>,
  relation: ScopedRelation,
  call: Call,
  argument: string,
): Filter {
  if (value === null) throw refused(call, `\`${argument}\` is null`, 'Leave it out.');
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => {
      const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
      if (!rule) throw unknownKey(call, relation.to, argument, key);
      return [key, rule(entry, relation, call, `${argument}.${key}`)];
    }),
  );
}
