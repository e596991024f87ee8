import type { ScopedKey, ScopedModel } from '../schema/model.js';
import type { Call, Filter, Rule } from './call.js';
import { plainValue } from './column-value.js';
import { isPlain } from './snapshot.js';
import { COMBINED, entriesOf, isSkip, namesOf, structure } from './structure.js';
import { tenantCondition, withinTenant } from './tenant-filters.js';
import { filterEntry } from './where.js';

/**
 * P4: unique keys stay on top, where Prisma looks for them, and the tenant joins them as a key of its own. As such it
 * also lets Prisma keep answering several `findUnique` of one tick with one query.
 */
export const uniqueWhere: Rule = (value, model, call, argument) => scopedUnique(value, model, call, argument);

export function scopedUnique(value: unknown, model: ScopedModel, call: Call, argument: string): Filter {
  const entries = withTenantKey(entriesOf(value, call, argument), model, call);
  const asked = structure(entries.map(([key, entry]) => [key, uniqueEntry(key, entry, model, call, argument)]));
  // Where the tenant field is a key by itself, the tenant on top would be the key that the caller left out.
  const condition = isKeyMissing(entries, model) ? tenantCondition(model, call) : null;
  return condition ? andUnique(asked, [condition]) : withinTenant(model, call, asked);
}

/** True when the tenant field alone is a unique key, and neither it nor another is named. */
export function isKeyMissing(entries: readonly Entry[], { keys }: ScopedModel): boolean {
  if (!keys.some(({ columns }) => columns.length === 0)) return false;
  const given = new Map(entries);
  return !keys.some((key) => isThere(key, given));
}

/**
 * The scope knows the tenant, so the rest of a unique key that holds it is enough: `{ title }` becomes
 * `{ tenantId_title: { tenantId, title } }`, unless a key is there already.
 */
export function withTenantKey(entries: readonly Entry[], model: ScopedModel, call: Call): readonly Entry[] {
  const { keys, tenantField } = model;
  const given = new Map(entries);
  if (tenantField === null || keys.some((key) => isThere(key, given))) return entries;
  const known = keys.find(
    ({ hasTenant, columns }) =>
      hasTenant && columns.length > 0 && columns.every((column) => isValue(given.get(column))),
  );
  if (!known) return entries;
  const { name, columns } = known;
  const values = columns.map((column): Entry => [column, plainValue(given.get(column), call, column)]);
  return [
    [name, structure([[tenantField, call.tenantId], ...values])],
    ...entries.filter(([column]) => !columns.includes(column)),
  ];
}

type Entry = readonly [string, unknown];

function isThere({ name, columns, hasTenant }: ScopedKey, given: ReadonlyMap<string, unknown>): boolean {
  const isCompound = hasTenant || columns.length > 1;
  return isCompound ? given.has(name) : isValue(given.get(name));
}

/** The value that a column equals, and undefined for any other filter. */
function isValue(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || !isPlain(value);
}

/** A compound key as Prisma takes it, with the tenant where only the rest of it was given. */
export function compoundKey(name: string, value: object, model: ScopedModel, call: Call): Filter {
  const { tenantField } = model;
  const entries = entriesOf(value, call, name).map(
    ([column, entry]): Entry => [column, plainValue(entry, call, column)],
  );
  const isPartial =
    tenantField !== null &&
    entries.every(([column]) => column !== tenantField) &&
    model.keys.some((key) => key.name === name && key.hasTenant);
  if (!isPartial) return structure(entries);
  return structure([[tenantField, call.tenantId], ...entries]);
}

/** A unique filter with more conditions. */
export function andUnique(unique: Filter, conditions: readonly Filter[]): Filter {
  const and = unique['AND'];
  return structure([
    ...Object.entries(unique).filter(([key]) => key !== 'AND'),
    ['AND', [...(Array.isArray(and) ? and : and === undefined ? [] : [and]), ...conditions]],
  ]);
}

/** A unique filter in the form of the other ones: Prisma takes compound keys on top of a unique one alone. */
export function byColumns(unique: Filter, model: ScopedModel): Filter {
  return structure(
    Object.entries(unique).flatMap(([key, entry]) =>
      isCompoundKey(key, entry, model) ? Object.entries(entry) : [[key, entry] as const],
    ),
  );
}

function uniqueEntry(key: string, value: unknown, model: ScopedModel, call: Call, argument: string): unknown {
  return isCompoundKey(key, value, model)
    ? compoundKey(key, value, model, call)
    : filterEntry(key, value, model, call, argument);
}

/** `{ tenantId_title: { tenantId, title } }`, and not `{ NOT: { title } }`: Prisma itself checks that there is such a key. */
export function isCompoundKey(key: string, value: unknown, model: ScopedModel): value is object {
  return (
    !model.fields.has(key) &&
    !COMBINED.has(key) &&
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    columnsIn(value).length > 0 &&
    columnsIn(value).every((column) => model.fields.get(column)?.kind === 'scalar')
  );
}

const columnsIn = (value: object) =>
  namesOf(value).filter((name) => {
    const entry = (value as Readonly<Record<string, unknown>>)[name];
    return entry !== undefined && !isSkip(entry);
  });
