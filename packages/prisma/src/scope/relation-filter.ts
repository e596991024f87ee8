import { mayLeaveTenant, type ScopedModel, type ScopedRelation } from '../schema/model.js';
import type { Call, Filter } from './call.js';
import { nameOf, refused, unknownKey } from './refusals.js';
import { isPlain } from './snapshot.js';
import { COMBINED, entriesOf, namesOf, structure } from './structure.js';
import { tenantCondition } from './tenant-filters.js';
import { relatedWhere } from './where.js';

/** P8, P9: whether a row is found must not depend on a related row of another tenant. */
export function relationFilter(value: unknown, relation: ScopedRelation, call: Call, argument: string): unknown {
  if (relation.isList) return listFilter(value, relation, call, argument);
  if (value === null) return absent(relation, call);
  const entries = entriesOf(value, call, argument);
  if (!isAboutRelation(entries, relation)) {
    // Prisma asks nothing of the related row then, not even that it is there.
    if (entries.length === 0) return structure([]);
    const asked = relatedWhere(value, relation, call, argument);
    return mayLeaveTenant(relation) ? structure([['is', asked]]) : asked;
  }
  const filters = entries.map(([key, entry]): readonly [string, unknown] => {
    if (key !== 'is' && key !== 'isNot') throw unknownKey(call, relation.to, argument, key);
    if (entry !== null) return [key, relatedWhere(entry, relation, call, argument)];
    return [
      ...Object.entries(key === 'is' ? (absent(relation, call) ?? { is: null }) : present(relation, call)),
    ][0] as [string, unknown];
  });
  if (new Set(filters.map(([key]) => key)).size === filters.length) return structure(filters);
  throw refused(
    call,
    `\`${argument}\` combines \`is\` and \`isNot\` with null`,
    `Write two conditions of ${nameOf(relation)} in an AND: [ … ].`,
  );
}

/**
 * True when `is` and `isNot` are about the relation. Columns may be called that too: Prisma takes them for the relation's as long as
 * what they say can be asked of a row.
 */
function isAboutRelation(
  entries: readonly (readonly [string, unknown])[],
  { to, isRequired, holdsKey }: ScopedRelation,
): boolean {
  if (!entries.some(([key]) => key === 'is' || key === 'isNot')) return false;
  if (!to.fields.has('is') && !to.fields.has('isNot')) return true;
  return entries.every(([key, entry]) => {
    if (key !== 'is' && key !== 'isNot') return false;
    if (entry === null) return !(isRequired && holdsKey);
    return isFilterOf(entry, to);
  });
}

/** True when a value can be a condition on a row. */
export function isFilterOf(value: unknown, { fields }: ScopedModel): boolean {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return false;
  return namesOf(value).every((name) => COMBINED.has(name) || fields.has(name));
}

/** No related row. The side that holds the foreign key is asked for the key, which is the row's own. */
function absent(relation: ScopedRelation, call: Call): Filter | null {
  return relation.holdsKey || !mayLeaveTenant(relation)
    ? null
    : structure([['isNot', tenantCondition(relation.to, call)]]);
}

function present(relation: ScopedRelation, call: Call): Filter {
  return relation.holdsKey || !mayLeaveTenant(relation)
    ? structure([['isNot', null]])
    : structure([['is', tenantCondition(relation.to, call)]]);
}

function listFilter(value: unknown, relation: ScopedRelation, call: Call, argument: string): Filter {
  return structure(
    entriesOf(value, call, argument).map(([key, entry]) => {
      if (key === 'some' || key === 'none') return [key, relatedWhere(entry, relation, call, argument)];
      if (key !== 'every') throw unknownKey(call, relation.to, argument, key);
      return [key, everyOwn(entry, relation, call, argument)];
    }),
  );
}

/**
 * P9: a row of another tenant must not decide: each related row is another tenant's, or the tenant's and as asked. Its own
 * tenant is named as well, because Prisma drops a filter that asks nothing from an OR. So it does with an OR that asks nothing,
 * which nothing is as where it stands on top: then there must be no row of the tenant.
 */
function everyOwn(value: unknown, relation: ScopedRelation, call: Call, argument: string): Filter {
  const asked = relatedWhere(value, relation, call, argument);
  if (!mayLeaveTenant(relation)) return asked;
  const another = structure([['NOT', tenantCondition(relation.to, call)]]);
  return Array.isArray(asked['OR']) && asksNothing(asked['OR']) ? another : structure([['OR', [another, asked]]]);
}

/** True when Prisma drops a filter from an AND, OR or NOT. */
function asksNothing(filter: unknown): boolean {
  if (Array.isArray(filter)) return filter.every(asksNothing);
  if (filter === null || typeof filter !== 'object' || !isPlain(filter)) return false;
  const entries = Object.entries(filter);
  // `{}` of a column or of a to-one relation as well.
  return entries.every(([key, entry]) => (COMBINED.has(key) ? asksNothing(entry) : isNothing(entry)));
}

function isNothing(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && isPlain(entry) && Object.keys(entry).length === 0;
}
