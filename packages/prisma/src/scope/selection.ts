import { mayLeaveTenant, type ScopedModel, type ScopedRelation } from '../schema/model.js';
import { columnNames } from './aggregates.js';
import type { Call, Filter, Rule } from './call.js';
import { asGiven, plainValue } from './column-value.js';
import { cursor } from './cursor.js';
import { orderBy } from './order.js';
import { unknownKey } from './refusals.js';
import { argumentsIn, selectedIn, structure } from './structure.js';
import { tenantCondition } from './tenant-filters.js';
import { relatedWhere } from './where.js';

/** `select` and `include`: columns as they are, and every relation within the tenant, at any depth. */
export const selection: Rule = (value, model, call, argument) => {
  if (!value) return undefined;
  return structure(
    selectedIn(value, call, argument).map(([key, entry]) => {
      const field = model.fields.get(key);
      if (field?.kind === 'scalar' || entry === false) return [key, plainValue(entry, call, `${argument}.${key}`)];
      if (field) return [key, related(entry, field, call, `${argument}.${key}`)];
      if (key === '_count') return [key, relatedCounts(entry, model, call, `${argument}._count`)];
      if (call.computed.has(key) && typeof entry === 'boolean') return [key, entry];
      throw unknownKey(call, model, argument, key);
    }),
  );
};

/** P21: what is left out never matters, because no protection relies on what the caller selects. */
export const omitted: Rule = (value, model, call, argument) => {
  if (value === undefined || value === null) return undefined;
  const entries = selectedIn(value, call, argument);
  return structure(
    entries.map(([key, entry]) => {
      if (model.fields.get(key)?.kind !== 'scalar' && !call.computed.has(key))
        throw unknownKey(call, model, argument, key);
      return [key, plainValue(entry, call, `${argument}.${key}`)];
    }),
  );
};

/** The arguments of a relation in a `select` or `include`. One that is not here is refused (P23). */
const relatedRules: Readonly<Record<string, Rule>> = {
  select: selection,
  include: selection,
  omit: omitted,
  orderBy,
  cursor,
  take: asGiven,
  skip: asGiven,
  distinct: columnNames,
};

/** P5: the condition goes inside. P6: where there is no place for one, the row that comes back is looked at. */
function related(value: unknown, relation: ScopedRelation, call: Call, argument: string): unknown {
  if (value === undefined || value === null) return value;
  const below = { ...call, result: call.result.of(relation.name), path: [...call.path, relation] };
  const given = value === true ? [] : argumentsIn(value, call, argument);
  const entries = new Map<string, unknown>();
  for (const [key, entry] of given) {
    const rule = relatedRules[key];
    if (key !== 'where' && (!rule || !Object.hasOwn(relatedRules, key)))
      throw unknownKey(call, relation.to, argument, key);
    if (rule) entries.set(key, rule(entry, relation.to, below, `${argument}.${key}`));
  }
  const asked = new Map(given).get('where');
  if (relation.isList || !relation.isRequired) {
    const where = relatedWhere(asked, relation, call, `${argument}.where`);
    if (asked !== undefined || Object.keys(where).length > 0) entries.set('where', where);
  } else if (asked !== undefined) {
    throw unknownKey(call, relation.to, argument, 'where');
  } else if (mayLeaveTenant(relation)) requireTenant(relation, entries, below);
  return entries.size === 0 ? true : structure(entries);
}

function requireTenant(relation: ScopedRelation, entries: Map<string, unknown>, below: Call): void {
  const field = relation.to.tenantField as string;
  const select = entries.get('select') as Filter | undefined;
  const omit = entries.get('omit') as Filter | undefined;
  if (select) {
    // An empty select is Prisma's to refuse.
    if (Object.values(select).some((entry) => entry !== false))
      entries.set('select', structure([...Object.entries(select), [field, true]]));
    below.result.requireTenant(field, select[field] === true, relation);
  } else {
    const isOmitted = omit?.[field] === true || (omit?.[field] === undefined && relation.to.isTenantOmitted);
    if (isOmitted) entries.set('omit', structure([...Object.entries(omit ?? {}), [field, false]]));
    below.result.requireTenant(field, !isOmitted, relation);
  }
}

/** P7: `_count` counts within the tenant. */
function relatedCounts(value: unknown, model: ScopedModel, call: Call, argument: string): unknown {
  const lists = [...model.fields.values()].filter((field) => field.kind === 'relation').filter(({ isList }) => isList);
  if (value === true) {
    if (!lists.some(mayLeaveTenant)) return true;
    return structure([
      ['select', structure(lists.map((relation) => [relation.name, count(true, relation, call, argument)]))],
    ]);
  }
  return structure(
    argumentsIn(value, call, argument).map(([key, entry]) => {
      if (key !== 'select') throw unknownKey(call, model, argument, key);
      return [
        key,
        structure(
          selectedIn(entry, call, argument).map(([name, asked]) => {
            const relation = lists.find((list) => list.name === name);
            if (!relation) throw unknownKey(call, model, argument, name);
            return [name, count(asked, relation, call, `${argument}.${name}`)];
          }),
        ),
      ];
    }),
  );
}

function count(value: unknown, relation: ScopedRelation, call: Call, argument: string): unknown {
  if (value === true) {
    const condition = mayLeaveTenant(relation) ? tenantCondition(relation.to, call) : null;
    return condition ? structure([['where', condition]]) : true;
  }
  // Null is Prisma's to refuse.
  if (value === false || value === null) return value;
  const entries = argumentsIn(value, call, argument);
  for (const [key] of entries) if (key !== 'where') throw unknownKey(call, relation.to, argument, key);
  const where = relatedWhere(new Map(entries).get('where'), relation, call, argument);
  return where ? structure([['where', where]]) : structure([]);
}
