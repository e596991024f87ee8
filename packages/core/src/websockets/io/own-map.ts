/** A way into somebody's map: `keys` may name more than `get` has. */
interface Entries<V> {
  get(key: string): V | undefined;
  keys(): Iterable<unknown>;
}

/** A map to read, which shows those entries of another one that are the caller's own. */
export class OwnMap<V> implements ReadonlyMap<string, V> {
  readonly #entries: Entries<V>;

  constructor(entries: Entries<V>) {
    this.#entries = entries;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get size(): number {
    return [...this].length;
  }

  *entries(): MapIterator<[string, V]> {
    for (const each of this.#entries.keys()) {
      const key = each as string;
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
    return undefined;
  }

  *keys(): MapIterator<string> {
    for (const [key] of this.entries()) yield key;
    return undefined;
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value;
    return undefined;
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(fn: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) fn(value, key, this);
  }
}
