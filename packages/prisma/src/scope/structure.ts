import { types } from 'node:util';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { isNamedValue } from '../prisma-internals.js';
import type { Call } from './call.js';
import { refused } from './refusals.js';
import { itemsOf } from './snapshot.js';

type Entries = readonly (readonly [string, unknown])[];

/**
 * An argument object's entries, read once: when a query starts, Prisma would see whatever the caller changes until then.
 *
 * @throws `scope_refused` for what is explicitly undefined, where the client forbids that.
 */
export function entriesOf(value: unknown, call: Call, argument: string): Entries {
  if (value === undefined) return [];
  refuseNonObject(value, call, argument);
  const entries: (readonly [string, unknown])[] = [];
  for (const key of namesOf(value)) {
    const entry = (value as Record<string, unknown>)[key];
    if (entry === undefined) {
      if (call.forbidsUndefined) throw explicitlyUndefined(call, `${argument}.${key}`);
    } else if (!isSkip(entry)) entries.push([key, entry]);
  }
  return entries;
}

export function refuseNonObject(value: unknown, call: Call, argument: string): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isValue(value)) return;
  throw refused(call, `\`${argument}\` is not an object`, `Pass an object, or leave \`${argument}\` out.`);
}

/**
 * The entries of a `select`, `include` or `omit`, of which Prisma reads the own keys alone of whatever it is given: `true` has none. What
 * is undefined is `false` to it: it must know the key all the same, and shows what is left out elsewhere.
 */
export function selectedIn(value: unknown, call: Call, argument: string): Entries {
  const own = { ...Object(value) };
  if (call.forbidsUndefined) return entriesOf(own, call, argument);
  const given = Object.entries(own).map(([key, entry]) => [key, entry === undefined ? false : entry] as const);
  return entriesOf(structure(given), call, argument);
}

/**
 * The arguments of a call, or of a relation in a selection: Prisma reads their own keys, and `select` and `include` wherever they come
 * from, of whatever it is given.
 */
export function argumentsIn(value: unknown, call: Call, argument: string): Entries {
  const given = Object(value) as Readonly<Record<string, unknown>>;
  const entries: (readonly [string, unknown])[] = [];
  for (const key of new Set([...Object.keys(given), 'select', 'include'])) {
    const entry = given[key];
    if (entry === undefined && call.forbidsUndefined && !SELECTIONS.has(key))
      throw explicitlyUndefined(call, `${argument}.${key}`);
    if (entry !== undefined && !isSkip(entry)) entries.push([key, entry]);
    // Of an aggregate that is asked for and is nothing, Prisma makes an empty selection, and refuses it.
    else if (AGGREGATES.has(key)) entries.push([key, undefined]);
  }
  return entries;
}

/** Functions over columns, as arguments of `aggregate` and `groupBy`. */
const AGGREGATES: ReadonlySet<string> = new Set(['_count', '_avg', '_sum', '_min', '_max']);

/** Arguments that Prisma takes out before it looks at the rest. */
const SELECTIONS: ReadonlySet<string> = new Set(['select', 'include', 'omit']);

/** The keys of an object as Prisma reads them: inherited ones as well, but for those that something put on every object. */
export function namesOf(value: object): readonly string[] {
  const names: string[] = [];
  const isOnAll = (key: string) => Object.prototype.propertyIsEnumerable.call(Object.prototype, key);
  for (const key in value) if (Object.hasOwn(value, key) || !isOnAll(key)) names.push(key);
  return names;
}

/** Objects that Prisma takes for one value, such as a Date or `Prisma.DbNull`: it may have no keys, and would ask for every row. */
export function isValue(value: object): boolean {
  const { toJSON } = value as { readonly toJSON?: unknown };
  return types.isDate(value) || ArrayBuffer.isView(value) || typeof toJSON === 'function' || isNamedValue(value);
}

/** By which filters are combined. */
export const COMBINED: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT']);

/** `Prisma.skip`, of whichever copy of Prisma: the same as a key that is not there. */
export function isSkip(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { ifUndefined } = value as { readonly ifUndefined?: unknown };
  return typeof ifUndefined === 'function' && ifUndefined.call(value, undefined) === value;
}

/** An explicit `undefined`, as `strictUndefinedChecks` refuses it, must not ask for more rows than were meant. */
function explicitlyUndefined(call: Call, argument: string): Error {
  return new TenantScopeError(
    'scope_refused',
    `${call.model.name}.${call.operation} was refused: \`${argument}\` is explicitly undefined, and strictUndefinedChecks forbids ` +
      'that. Leave it out, or write `Prisma.skip`.',
  );
}

/** An object without a prototype, so that nothing but these entries can be read from it. */
export function structure(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** Applies `rewrite` to one object, or to each of an array. What an array must not have in it is Prisma's to refuse. */
export function eachOf(value: unknown, rewrite: (item: unknown) => unknown): unknown {
  if (!Array.isArray(value)) return rewrite(value);
  return itemsOf(value).map((item) => (item === undefined || isSkip(item) ? item : rewrite(item)));
}
