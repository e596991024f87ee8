/** Places for work at a time. Whoever has one gives it back. */
export class Slots {
  readonly #size: number;
  #taken = 0;
  #freed: (() => void) | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  /** Waits for a place, and takes it. One caller waits at a time. */
  async taken(): Promise<void> {
    while (this.#taken >= this.#size) await this.#change();
    this.#taken += 1;
  }

  free(): void {
    this.#taken -= 1;
    this.#freed?.();
  }

  /** Waits until nobody has a place. */
  async empty(): Promise<void> {
    while (this.#taken > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#freed = resolve;
    });
  }
}
