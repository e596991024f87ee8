import type { Rows } from '../copies/ownership.js';

/**
 * Makes two answers comparable: a time of now and a generated key are another one on each side. What is in the rows, or was
 * given, is never masked, and so another tenant's value is not.
 */
export class Masking {
  readonly #known = new Set<string>();

  constructor(initial: readonly Rows[], values: readonly unknown[]) {
    for (const rows of initial) for (const all of rows.values()) this.#learn(all);
    this.#learn(values);
  }

  #learn(value: unknown): void {
    if (typeof value === 'string') this.#known.add(value);
    else if (value instanceof Date) this.#known.add(String(value.getTime()));
    else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) this.#learn(each);
  }

  /** As plain data. The array itself keeps its order when it `isOrdered`; `given` is what was asked with. */
  plain(value: unknown, given: string, isOrdered: boolean): unknown {
    if (value === undefined || value === null) return null;
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'string') return this.#text(value, given);
    if (value instanceof Date) {
      const time = value.getTime();
      if (Number.isNaN(time)) return 'Invalid Date';
      return this.#known.has(String(time)) || given.includes(value.toISOString())
        ? value.toISOString()
        : '<a time of now>';
    }
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (Array.isArray(value)) {
      const items = value.map((item) => this.plain(item, given, false));
      // What hangs on a row has no order of its own.
      return isOrdered ? items : sorted(items);
    }
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value !== 'object') return String(value);
    // Decimal, and whatever else says itself what it is.
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      return this.plain((value as { toJSON(): unknown }).toJSON(), given, isOrdered);
    }
    const entries = Object.entries(value)
      // A relation that is loaded when it is asked for is a promise.
      .filter(([, each]) => each !== undefined && typeof each !== 'function' && !(each instanceof Promise))
      .map(([key, each]) => [key, this.plain(each, given, false)] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #text(value: string, given: string): string {
    if (this.#known.has(value) || given.includes(value)) return value;
    if (TIME.test(value)) return '<a time of now>';
    return GENERATED.test(value) && /\d/.test(value) ? '<a generated key>' : value;
  }
}

/** A time in the form of `to_jsonb`, or of a driver that hands out texts. */
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/;
/** UUID, cuid, ULID, nanoid. */
const GENERATED = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-z]{20,32}|[0-9A-HJKMNP-TV-Z]{26}|[\w-]{21})$/;

function sorted(items: readonly unknown[]): unknown[] {
  return items
    .map((item) => [JSON.stringify(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item);
}
