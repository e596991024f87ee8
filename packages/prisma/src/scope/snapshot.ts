import { types } from 'node:util';

/**
 * A caller's value, read once: what they change until the query starts changes nothing, and what is looked up
 * is what is written. Objects of Prisma's own, such as `Prisma.DbNull`, stay what they are.
 */
export function snapshot(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return itemsOf(value).map(snapshot);
  if (types.isDate(value)) return new Date(value.getTime());
  if (ArrayBuffer.isView(value))
    return Uint8Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (isDecimal(value)) return new FixedDecimal(value);
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === 'function') return snapshot(toJSON.call(value));
  if (!isPlain(value)) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of Object.entries(value)) copy[key] = snapshot(entry);
  return copy;
}

/** An object that is no class's, of whichever realm: test runners have one of their own. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The items of an array, whatever a class of its own makes of its methods. */
export function itemsOf(array: readonly unknown[]): readonly unknown[] {
  return Array.from({ length: array.length }, (_, index) => array[index]);
}

/** A Decimal as Prisma recognises it, of whichever library. */
interface DecimalLike {
  readonly s: number;
  readonly e: number;
  readonly d: readonly number[];
  toFixed(): string;
}

export function isDecimal(value: object): value is DecimalLike {
  const { s, e, d, toFixed } = value as Partial<DecimalLike>;
  return typeof s === 'number' && typeof e === 'number' && typeof toFixed === 'function' && Array.isArray(d);
}

class FixedDecimal implements DecimalLike {
  readonly s: number;
  readonly e: number;
  readonly d: readonly number[];
  readonly #text: string;

  constructor(value: DecimalLike) {
    this.s = value.s;
    this.e = value.e;
    this.d = [...value.d];
    this.#text = value.toFixed();
  }

  toFixed(): string {
    return this.#text;
  }
}
