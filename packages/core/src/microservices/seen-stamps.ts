/** Ids that a handler remembers in each of two generations. */
const MOST = 50_000;

/**
 * The ids of the stamps that came to one handler, so that a recorded one is refused. Each is remembered for `seconds` at least, unless
 * more than 50,000 others came after it.
 */
export class SeenStamps {
  readonly #seconds: number;
  #recent = new Set<string>();
  #earlier = new Set<string>();
  #since = now();

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** True the first time. */
  isNew(id: string): boolean {
    if (this.#recent.size >= MOST || now() - this.#since > this.#seconds) {
      [this.#earlier, this.#recent] = [this.#recent, new Set()];
      this.#since = now();
    }
    if (this.#recent.has(id) || this.#earlier.has(id)) return false;
    this.#recent.add(id);
    return true;
  }
}

const now = (): number => Math.floor(Date.now() / 1000);
