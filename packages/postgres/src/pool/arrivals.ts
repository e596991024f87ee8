/** Those who asked for a connection and have none yet. A pool that is ended waits for them first. */
export class Arrivals {
  #count = 0;
  #isClosed = false;
  #onEmpty = () => {};

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @returns `callback`, to be called once, with a connection or an error; `undefined` after `close` */
  expect<A extends unknown[]>(callback: (...answer: A) => void): ((...answer: A) => void) | undefined {
    if (this.#isClosed) return undefined;
    this.#count += 1;
    return (...answer) => {
      this.#count -= 1;
      if (this.#count === 0) this.#onEmpty();
      callback(...answer);
    };
  }

  /** Nobody may ask any more. @returns what resolves when the last one has come; `undefined` when nobody is on the way */
  close(): Promise<void> | undefined {
    this.#isClosed = true;
    if (this.#count === 0) return undefined;
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }
}
