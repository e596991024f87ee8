import { randomInt } from 'node:crypto';
import type { HttpRequest } from '../../http-request.js';
import { isPlain } from './plain-objects.js';

/** The position of a value in a request: `['path', 2]`, `['body', 'items', 0, 'jobId']`. */
export type Position = readonly (string | number)[];

/** A place where the requests of two tenants differ, as they name the rows of each. */
export interface Difference {
  readonly at: Position;
  readonly own: unknown;
  readonly other: unknown;
}

/** As one tree, so that a part of the path is a place like any other. */
function treeOf({ path, query = {}, body, headers = {} }: HttpRequest): Readonly<Record<string, unknown>> {
  return { path: path.split('/'), query, headers, body };
}

/** The differences of two requests, leaf by leaf. */
export function differences(own: HttpRequest, other: HttpRequest): readonly Difference[] {
  return compare(treeOf(own), treeOf(other), []).filter(
    ({ at: [part, name] }) => part !== 'headers' || !isCredential(name),
  );
}

/** A token names whoever calls, and no row. */
function isCredential(name: unknown): boolean {
  return /^(authorization|cookie)$/i.test(String(name));
}

function compare(own: unknown, other: unknown, at: Position): Difference[] {
  if (Object.is(own, other)) return [];
  if (Array.isArray(own) && Array.isArray(other) && own.length === other.length) {
    return own.flatMap((item, n) => compare(item, other[n], [...at, n]));
  }
  if (isPlain(own) && isPlain(other)) {
    return Object.keys(own).flatMap((key) => (key in other ? compare(own[key], other[key], [...at, key]) : []));
  }
  return [{ at, own, other }];
}

/** The request with another value at each of these places. */
export function replaced(
  request: HttpRequest,
  changes: readonly (readonly [at: Position, value: unknown])[],
): HttpRequest {
  let tree: unknown = treeOf(request);
  for (const [at, value] of changes) tree = replacedAt(tree, at, value);
  const { path, query, headers, body } = tree as Record<string, unknown>;
  return {
    method: request.method,
    path: (path as string[]).join('/'),
    ...(request.query && { query: query as Record<string, unknown> }),
    ...(request.headers && { headers: headers as Record<string, string> }),
    ...(request.body !== undefined && { body }),
  };
}

function replacedAt(value: unknown, [key, ...rest]: Position, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((item, n) => (n === key ? replacedAt(item, rest, by) : item));
  return { ...(value as object), [key]: replacedAt((value as Record<string, unknown>)[key], rest, by) };
}

/** The value at a place that {@link differences} found. */
export function valueAt(request: HttpRequest, [part, ...rest]: readonly (string | number)[]): unknown {
  let value: unknown = part === 'path' ? request.path.split('/') : request[part as keyof HttpRequest];
  for (const key of rest) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return value;
}

/** `body.items[0].jobId`, `path segment 2`. */
export function nameOf(at: Position): string {
  if (at[0] === 'path') return `path segment ${at[1]}`;
  return at.map((key, n) => (typeof key === 'number' ? `[${key}]` : n === 0 ? key : `.${key}`)).join('');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUIDS = new RegExp(UUID.source.slice(1, -1), 'gi');
const VERSION_AND_VARIANT = new Set([14, 19]);
const BEYOND_ANY_SEQUENCE = 2_000_000_000;

/** A value of the same shape that no row has. */
export function nobodysValue(value: unknown): unknown {
  if (typeof value === 'number') return BEYOND_ANY_SEQUENCE + randomInt(100_000_000);
  if (Array.isArray(value)) return value.map(nobodysValue);
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, nobodysValue(each)]));
  if (typeof value !== 'string') return value;
  if (UUID.test(value)) {
    return [...value]
      .map((each, n) => (each === '-' || VERSION_AND_VARIANT.has(n) ? each : randomInt(16).toString(16)))
      .join('');
  }
  // Of a sentence with an id in it, the id: the rest says what is done with it.
  if (value.search(UUIDS) >= 0) return value.replace(UUIDS, (id) => String(nobodysValue(id)));
  if (/^\d+$/.test(value)) return String(BEYOND_ANY_SEQUENCE + randomInt(100_000_000));
  return value.replace(/[a-z]/g, () => pick('abcdefghijklmnopqrstuvwxyz')).replace(/\d/g, () => pick('0123456789'));
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}
