import type { ColumnType } from './column-type.js';

/** The work that a change of a column's type makes: none, a new copy of the table, or a copy unless the session's time zone is UTC. */
export type TypeChange = 'none' | 'rewrite' | 'rewrite-unless-utc';

/**
 * The work of changing a column from one type to another, without a `USING` that computes.
 *
 * PostgreSQL keeps the rows where the old bytes are a value of the new type: the cast is binary, and a length or precision only grows.
 */
export function typeChange(from: ColumnType, to: ColumnType): TypeChange {
  if (from.isArray !== to.isArray) return 'rewrite';
  if (from.isArray) return from.name === to.name && sameModifiers(from, to) ? 'none' : 'rewrite';
  if (from.name !== to.name) {
    if (isZonePair(from.name, to.name)) return widens(from, to) ? 'rewrite-unless-utc' : 'rewrite';
    return BINARY.has(`${from.name} ${to.name}`) && to.modifiers.length === 0 ? 'none' : 'rewrite';
  }
  if (sameModifiers(from, to)) return 'none';
  return GROWS.has(to.name) && widens(from, to) ? 'none' : 'rewrite';
}

/** Pairs of types whose values are the same bytes. */
const BINARY: ReadonlySet<string> = new Set([
  'varchar text',
  'text varchar',
  'citext text',
  'citext varchar',
  'xml text',
  'xml varchar',
  'cidr inet',
  'bit varbit',
  'int4 oid',
  'oid int4',
]);

/** Types whose longer form keeps the bytes. A `char(n)` is filled up with blanks, so a longer one is another value. */
const GROWS: ReadonlySet<string> = new Set([
  'varchar',
  'varbit',
  'numeric',
  'timestamp',
  'timestamptz',
  'time',
  'timetz',
]);

function isZonePair(from: string, to: string): boolean {
  return (from === 'timestamp' && to === 'timestamptz') || (from === 'timestamptz' && to === 'timestamp');
}

function sameModifiers(from: ColumnType, to: ColumnType): boolean {
  return from.modifiers.length === to.modifiers.length && from.modifiers.every((one, at) => one === to.modifiers[at]);
}

/** True where every value of the old length or precision fits the new one as it is. */
function widens(from: ColumnType, to: ColumnType): boolean {
  if (to.modifiers.length === 0) return true;
  if (from.modifiers.length === 0) return false;
  const [length = 0, scale = 0] = from.modifiers;
  const [newLength = 0, newScale = 0] = to.modifiers;
  return to.name === 'numeric' ? newScale === scale && newLength >= length : newLength >= length;
}
