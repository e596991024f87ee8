import { inspect } from 'node:util';

/** A way into somebody's map: `keys` may name more than `get` has. */
interface Entries<V> {
  get(key: string): V | undefined;
  keys(): Iterable<unknown>;
}

/**
 * A map to read, which shows those entries of another one that are the caller's own. As a map it is empty: `Map.prototype` finds nothing
 * in it.
 */
export class OwnMap<V> extends Map<string, V> {
  readonly #entries: Entries<V>;

  constructor(entries: Entries<V>) {
    super();
    this.#entries = entries;
  }

  override get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  override has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  override get size(): number {
    // The super class may ask before there is anything.
    if (!(#entries in this)) return 0;
    return [...this].length;
  }

  override *entries(): MapIterator<[string, V]> {
    for (const each of this.#entries.keys()) {
      const key = each as string;
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
    return undefined;
  }

  override *keys(): MapIterator<string> {
    for (const [key] of this.entries()) yield key;
    return undefined;
  }

  override *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value;
    return undefined;
  }

  override [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  override forEach(fn: (value: V, key: string, map: Map<string, V>) => void): void {
    for (const [key, value] of this) fn(value, key, this);
  }

  override set(): never {
    throw toRead();
  }

  override delete(): never {
    throw toRead();
  }

  override clear(): never {
    throw toRead();
  }

  [inspect.custom](): Map<string, V> {
    return new Map(this.entries());
  }
}

const toRead = () =>
  new TypeError('The rooms and sids of an adapter are there to be read. `join` and `leave` of a socket change them.');
