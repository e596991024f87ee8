import { type Call, refused } from './call.js';
import { itemsOf } from './snapshot.js';

/**
 * The keys an argument object really has, read once.
 *
 * Prisma reads arguments with `for…in` when the query starts: it would see inherited keys, and
 * whatever the caller changes until then. So every structure is rebuilt when the call is made.
 */
export function entriesOf(value: unknown, call: Call, argument: string): readonly (readonly [string, unknown])[] {
  if (value === undefined) return [];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw refused(call, `\`${argument}\` is not an object`, `Pass an object, or leave \`${argument}\` out.`);
  }
  return Object.entries(value).filter(([, entry]) => entry !== undefined);
}

/** An object without a prototype, so that nothing but these entries can be read from it. */
export function structure(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** Applies `rewrite` to one object, or to each of an array. */
export function eachOf(value: unknown, rewrite: (item: unknown) => unknown): unknown {
  return Array.isArray(value) ? itemsOf(value).map((item) => rewrite(item)) : rewrite(value);
}
