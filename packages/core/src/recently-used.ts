/**
 * A map of what was used last: the last `max` keys for certain, and twice as many at most.
 *
 * Two generations, of which what is used again moves to the recent one: to tell the least used key of all would cost each
 * look-up more than the look-up itself.
 */
export class RecentlyUsed<Value extends object | string | null> {
  readonly #max: number;
  #recent = new Map<string, Value>();
  #earlier = new Map<string, Value>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): Value | undefined {
    const value = this.#recent.get(key);
    if (value !== undefined) return value;
    const earlier = this.#earlier.get(key);
    if (earlier !== undefined) this.set(key, earlier);
    return earlier;
  }

  set(key: string, value: Value): void {
    if (this.#recent.size >= this.#max) [this.#earlier, this.#recent] = [this.#recent, new Map()];
    this.#recent.set(key, value);
  }

  delete(key: string): void {
    this.#recent.delete(key);
    this.#earlier.delete(key);
  }

  /** Forgets every value that `isGone` says so of. */
  forget(isGone: (value: Value) => boolean): void {
    for (const generation of [this.#recent, this.#earlier]) {
      for (const [key, value] of generation) if (isGone(value)) generation.delete(key);
    }
  }
}
